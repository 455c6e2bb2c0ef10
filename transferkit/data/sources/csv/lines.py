"""Lines of a .csv file as values: its encoding, separator and quotes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.sources.csv.column_roles import NEEDED, roles_of
from transferkit.errors import DataError
from transferkit.runtime.printing import unguarded

MANIFEST = ("path", "label", "split", "group", "problem")  # the first columns of a manifest.csv
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
NAMED_SEPARATOR = re.compile(r'"?sep=([^\r\n])"?[,;\t]*(\r\n|\r|\n)', re.IGNORECASE)  # by Excel
UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # by the mark at the start


@dataclass
class CsvLines:
    """The values of a .csv file.

    Attributes:
        header: the names of the columns.
        rows: the values of each line below it that is not empty.
        numbers: the number of each row in the file.
        notes: sentences on how they were read.
    """

    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_manifest(self) -> bool:
        """Whether `Manifest.save` wrote it: then no value is interpreted."""
        return tuple(self.header[: len(MANIFEST)]) == MANIFEST


def read_lines(path: Path) -> CsvLines:
    """Return the lines of `path`.

    The separator is the comma, or the one in the header between columns that are needed.

    Raises:
        DataError: there is no such file, or it is no CSV.
    """
    text, notes = _decoded(path)
    named = NAMED_SEPARATOR.match(text)
    start = named.end() if named else 0
    separator = named[1] if named else _separator(text)
    lines = _parse(text[start:], path, separator)
    if not lines.is_manifest and _is_spaced(lines):
        whole, lines = lines, _parse(text[start:], path, separator, skipinitialspace=True)
        if lines.rows != whole.rows:  # else the values are quoted, as this package writes them
            notes.append(f"A space after each comma of {path.name!r} is no part of its values.")
    if named:
        lines.numbers = [number + 1 for number in lines.numbers]
    if separator != ",":
        word = SEPARATORS.get(separator, repr(separator))
        notes.append(f"Values of {path.name!r} are separated by {word}, and were read so.")
    lines.notes = notes
    return lines


def _decoded(path: Path) -> tuple[str, list[str]]:
    """Return the text of `path`, and a sentence where it is UTF-16."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"There is no file {str(path)!r}: give a .csv with the columns path,label."
        ) from error
    except OSError as error:
        raise DataError(
            f"{str(path)!r} cannot be opened: {error.strerror}; "
            "give a .csv with the columns path,label."
        ) from error
    encoding = UTF_16.get(content[:2], "")
    if not encoding and content[1:2] == b"\0":
        encoding = "utf-16-le"
    elif not encoding and content[:1] == b"\0":
        encoding = "utf-16-be"
    if not encoding:
        # utf-8-sig: spreadsheets put a mark of the encoding in front of the first column's name.
        return content.decode("utf-8-sig", "surrogateescape"), []
    try:
        return content.decode(encoding), [f"{path.name!r} was read as UTF-16."]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{str(path)!r} begins as UTF-16 and is not: save it as CSV in UTF-8."
        ) from error


def _separator(text: str) -> str:
    """Return the character between the columns of the first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    headers = {mark: next(csv.reader([first], delimiter=mark), []) for mark in SEPARATORS}
    for mark, header in headers.items():
        if set(NEEDED) <= set(roles_of(header)):
            return mark
    several = [mark for mark, header in headers.items() if len(header) > 1]
    return several[0] if several else ","


def _parse(text: str, path: Path, separator: str, *, skipinitialspace: bool = False) -> CsvLines:
    lines = CsvLines()
    reader = csv.reader(
        io.StringIO(text, newline=""),
        strict=True,
        delimiter=separator,
        skipinitialspace=skipinitialspace,
    )
    try:
        lines.header = list(map(unguarded, next(reader, [])))
        for line in reader:
            if line:
                lines.rows.append(list(map(unguarded, line)))
                lines.numbers.append(reader.line_num)
    except csv.Error as error:
        raise DataError(
            f"{str(path)!r} is not CSV at line {reader.line_num} ({error}): "
            "put values with commas, quotes or line ends in double quotes."
        ) from error
    return lines


def _is_spaced(lines: CsvLines) -> bool:
    """Whether each value but the first of a line begins with a space."""
    values: list[Sequence[str]] = [row[1:] for row in lines.rows]
    return any(values) and all(value[:1] == " " for row in values for value in row if value)
