"""A .csv file of path,label[,split,group,problem] as a frame of text."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from transferkit.data.scan import SPLIT_NAMES
from transferkit.errors import DataError

NEEDED = ("path", "label")


def read_csv_list(path: Path) -> pd.DataFrame:
    """A row an image, every value text: a class may be called NA, or 1.

    Relative paths start at the folder of the file; splits go by their names in `SPLITS`. File
    names that are not UTF-8 survive.

    Raises:
        DataError: there is no such file, it is no such CSV, or it has no rows.
    """
    try:
        # utf-8-sig: spreadsheets put a mark of the encoding in front of the first column's name.
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = next(lines, [])
            _check_header(header, path)
            rows = [_row(header, line, path, lines.line_num) for line in lines if line]
    except FileNotFoundError as error:
        raise DataError(
            f"There is no file {str(path)!r}: give a .csv with the columns path,label."
        ) from error
    except OSError as error:
        raise DataError(
            f"{str(path)!r} cannot be opened: {error.strerror}; "
            "give a .csv with the columns path,label."
        ) from error
    except csv.Error as error:
        raise DataError(
            f"{str(path)!r} is not CSV at line {lines.line_num} ({error}): "
            "put values with commas, quotes or line ends in double quotes."
        ) from error
    if not rows:
        raise DataError(f"{str(path)!r} has no rows: it should have one for each image.")
    # Not `str`, which pandas may keep as UTF-8: not every file name is.
    return pd.DataFrame(rows, columns=header, dtype=object)


def _check_header(header: list[str], path: Path) -> None:
    if not header:
        raise DataError(f"{str(path)!r} is empty: its first line should be path,label.")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise DataError(
            f"{str(path)!r} has two columns called {twice[0]!r}: give each its own name."
        )
    if not set(NEEDED) <= set(header):
        raise DataError(
            f"{str(path)!r} has the columns {', '.join(map(repr, header))}: "
            "it should have path,label and may have split,group."
        )


def _row(header: list[str], line: list[str], path: Path, number: int) -> dict[str, str]:
    where = f"{str(path)!r}, line {number},"
    if len(line) != len(header):
        raise DataError(
            f"{where} has {len(line)} values under {len(header)} columns: "
            "put a value with a comma in it in double quotes."
        )
    row = dict(zip(header, line, strict=True))
    for name in NEEDED:
        if not row[name]:
            raise DataError(f"{where} has no {name}: each image needs a path and a label.")
    # Not normalised: what `..` means after a link is the file system's to say.
    row["path"] = str((path.parent / row["path"]).absolute())
    if "split" in row:
        row["split"] = _split_name(row["split"], where)
    return row


def _split_name(name: str, where: str) -> str:
    if name and name.lower() not in SPLIT_NAMES:
        raise DataError(
            f"{where} has the split {name!r}: it should be train, validation or test, "
            "or empty in all lines."
        )
    return SPLIT_NAMES.get(name.lower(), "")
