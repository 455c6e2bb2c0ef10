"""Lists of files: a .csv with a column of paths, or paths on standard input."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from transferkit.data.sources.csv.lines import SEPARATORS, UTF_16
from transferkit.errors import DataError
from transferkit.runtime.printing import unguarded

PATH_COLUMNS = ("path", "file")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
BLOCK = 2**16  # bytes of standard input at a time


def csv_paths(path: Path) -> Iterator[str]:
    """Yield the paths in the .csv file `path`, line by line; relative ones start at its folder.

    They are in the column `path` or `file`, or else in the first column. The first line is not a
    header if its first cell is the path of a file that exists.

    Raises:
        DataError: the file cannot be read, is not a CSV, or has a line without a path.
    """
    try:
        with _opened(path) as file:
            yield from _column(file, path)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from error
    except (csv.Error, UnicodeError) as error:
        raise DataError(
            f"{str(path)!r} is no CSV of paths ({error}): it should be text with a column `path`."
        ) from error


def listed_paths(stream: BinaryIO) -> Iterator[str]:
    """Yield the paths in `stream`, one per line, or separated by zero bytes.

    Zero bytes separate the paths if the first block with a separator has one. Empty lines are
    skipped. The bytes of a name need not be UTF-8.
    """
    end, rest = b"", b""
    while block := stream.read1(BLOCK):  # type: ignore[attr-defined]
        rest += block
        if not end:
            end = b"\0" if b"\0" in rest else b"\n" if b"\n" in rest else b""
        if end:
            *names, rest = rest.split(end)
            yield from _decoded(names, end)
    yield from _decoded([rest], end)


def _decoded(names: list[bytes], end: bytes) -> Iterator[str]:
    for name in names:
        # Before a zero byte it belongs to the name.
        if name := name if end == b"\0" else name.removesuffix(b"\r"):
            yield os.fsdecode(name)


def _opened(path: Path) -> TextIO:
    with open(path, "rb") as file:
        encoding = UTF_16.get(file.read(2), "utf-8-sig")
    # A file name need not be UTF-8; in UTF-16 there is no way to write such a name.
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    return open(path, encoding=encoding, errors=errors, newline="")


def _column(file: TextIO, path: Path) -> Iterator[str]:
    first = file.readline()
    separator = _separator(first)
    file.seek(0)
    reader = csv.reader(file, delimiter=separator, strict=True)
    header = next(reader, [])
    names = [name.strip().lower() for name in header]
    column = next((names.index(name) for name in PATH_COLUMNS if name in names), 0)
    if not set(PATH_COLUMNS) & set(names) and header:
        start = _joined(path, header[0])
        if os.path.exists(start):
            yield start
    for line in reader:
        if not line:
            continue
        cell = line[column] if column < len(line) else ""
        if not cell:
            raise DataError(f"{str(path)!r}, line {reader.line_num}, has no path.")
        yield _joined(path, cell)


def _separator(first: str) -> str:
    """Return the separator of the header `first`."""
    for mark in SEPARATORS:
        if set(PATH_COLUMNS) & {name.strip(' "\r\n').lower() for name in first.split(mark)}:
            return mark
    return ","


def _joined(path: Path, cell: str) -> str:
    """Return the path of the file `cell` in the list `path`.

    An apostrophe that guards against formulas is removed. A URL is returned unchanged.
    """
    if URL.match(cell):
        return cell
    file = path.parent / cell
    if cell.startswith("'") and not os.path.lexists(file):
        file = path.parent / unguarded(cell)
    return str(file)
