"""What mkdocs calls while it builds the site: generated tables, and links out of docs/ as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tools.docs.reference import expand

DOCS = Path("docs").resolve()
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Fill in the generated tables; a link to a file outside docs/ becomes its text."""
    folder = (DOCS / page.file.src_uri).parent

    def inside(link: re.Match[str]) -> str:
        return link[0] if (folder / link[2]).resolve().is_relative_to(DOCS) else link[1]

    return LINK.sub(inside, expand(markdown))
