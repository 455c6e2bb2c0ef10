"""Escaping of names for terminals and spreadsheets, so that they execute nothing.

A folder may be called anything: with an escape sequence in its name it would move the cursor or
set the clipboard, with a line end it would forge a line, with `=` in front it would be a formula.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable

COMMANDING = {"Cc", "Cf", "Zl", "Zp"}  # Unicode's control, format and line characters
FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # its first character
RFC_4180 = "\r\n"  # its line end
GUARDED = re.compile(r"'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def shown(text: str, *, lines: bool = False) -> str:
    r"""Escape control characters in `text`, such as `\x1b`; with `lines`, all but \n.

    Bytes of a file name that are not UTF-8 are left alone.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if (lines and character == "\n") or unicodedata.category(character) not in COMMANDING
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def guarded(cell: object) -> object:
    """Put an apostrophe in front of text that a spreadsheet would compute.

    Text that starts with apostrophes and goes on like that gets one too, so that `unguarded` is the
    exact inverse. Numbers stay numbers, also those that are text.
    """
    if not isinstance(cell, str):
        return cell
    if GUARDED.match(cell) or (FORMULA.match(cell) and not _is_number(cell)):
        return f"'{cell}"
    return cell


def unguarded(cell: str) -> str:
    """Undo `guarded`."""
    return cell[1:] if GUARDED.match(cell) else cell


class Lines(list[str]):
    """Lines as a file that each of them is written to at once."""

    write = list.append


def csv_text(
    header: Iterable[object] | None, rows: Iterable[Iterable[object]], *, line_end: str = RFC_4180
) -> str:
    r"""Return a .csv (RFC 4180), its cells `guarded`; names that are not UTF-8 survive.

    A value with \r or \n is quoted, whatever `line_end` is. So is one that begins with a space,
    which is otherwise taken for a space after the comma.
    """
    lines = Lines()  # not by pandas: its text has to be UTF-8, and a file name need not be
    writer = csv.writer(lines, lineterminator=RFC_4180)  # quotes the characters of its line end
    quoting = csv.writer(lines, lineterminator=RFC_4180, quoting=csv.QUOTE_ALL)
    for row in [*([] if header is None else [header]), *rows]:
        cells = list(map(guarded, row))
        spaced = any(isinstance(cell, str) and cell.startswith(" ") for cell in cells)
        (quoting if spaced else writer).writerow(cells)
    return "".join(f"{line.removesuffix(RFC_4180)}{line_end}" for line in lines)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII) is not None
