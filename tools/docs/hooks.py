"""Hooks of MkDocs: generated tables, links out of docs/ as text, no script of another server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tools.docs.reference import expand

DOCS = Path("docs").resolve()
SHIM = "https://unpkg.com/iframe-worker/shim"
"""A script that the theme's offline search would load from another server."""
OWN_SHIM = "javascripts/file-worker.js"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Fill in the generated tables; a link to a file outside docs/ becomes its text."""
    folder = (DOCS / page.file.src_uri).parent

    def inside(link: re.Match[str]) -> str:
        return link[0] if (folder / link[2]).resolve().is_relative_to(DOCS) else link[1]

    return LINK.sub(inside, expand(markdown))


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """Let the page load its own stand-in for workers."""
    return output.replace(SHIM, "../" * page.url.count("/") + OWN_SHIM)


def on_post_template(output_content: str, **_: Any) -> str:
    """Do the same for pages without a source, such as 404.html."""
    return output_content.replace(SHIM, OWN_SHIM)
