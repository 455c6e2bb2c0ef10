"""The page on the architecture: the paths and names that it tells to change are there."""

from __future__ import annotations

import re

from test_docs import ROOT, missing, page_text


def test_what_the_architecture_says_to_change_is_there():
    text = page_text("contributing/architecture.md").partition("## Where to add things")[2]
    table = text.partition("\n## ")[0]
    roots = (ROOT, ROOT / "transferkit", ROOT / "tests")

    def content(path: str) -> str:
        found = [root / path for root in roots if (root / path).is_file()]
        return found[0].read_text("utf-8") if found else ""

    paths = re.findall(r"`([\w/.-]+\.(?:py|md|html|jinja|cfg))`", table)
    assert [path for path in paths if not content(path)] == []
    named = re.findall(r"((?:`\w+` (?:and|or) )*`\w+`) in `([^`]+)`", table)
    pairs = [(name, path) for names, path in named for name in re.findall(r"\w{3,}", names)]
    lost = [pair for pair in pairs if pair[0] not in ("and", *re.findall(r"\w+", content(pair[1])))]
    assert lost == []


def test_every_room_is_in_the_architecture():
    rooms = {path.stem for path in (ROOT / "transferkit").iterdir() if path.name[0] != "_"}
    headings = [f"\n## {room}\n" for room in sorted(rooms - {"py"})]
    assert missing(headings, "contributing/architecture.md") == []
