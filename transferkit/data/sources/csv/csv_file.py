"""A .csv file of path,label[,split,group,problem] as a frame of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from transferkit.data.sources.csv.column_roles import NEEDED
from transferkit.data.sources.csv.columns import find_columns
from transferkit.data.sources.csv.lines import read_lines
from transferkit.data.sources.csv.several_labels import several_labels, without_brackets
from transferkit.data.sources.split_names import UNLABELLED, named_splits
from transferkit.errors import DataError

SEVERAL = "has several labels in one cell"


@dataclass(frozen=True)
class CsvList:
    """A list of images, as it was read.

    Attributes:
        frame: one row per image, every value text: a class may be called NA, or 1. Paths are
            absolute, splits by their names in `SPLITS`.
        written: the paths as they stand in the file.
        notes: sentences on how columns and labels were read.
    """

    frame: pd.DataFrame
    written: list[str]
    notes: list[str]


def read_csv_list(path: Path) -> CsvList:
    """Return the list in `path`; its images are not opened.

    Relative paths start at the folder of the file. File names that are not UTF-8 survive.

    Raises:
        DataError: there is no such file, it is no such CSV, or it has no rows.
    """
    text = read_lines(path)
    header, lines, numbers = text.header, text.rows, text.numbers
    _check_header(header, path)
    for line, number in zip(lines, numbers, strict=True):
        _check_length(header, line, path, number)
    if not lines:
        find_columns(header, lines, path)
        raise DataError(f"{str(path)!r} has no rows: it should have one for each image.")
    if not text.is_manifest:
        # A space before the name of a column is a space after each comma.
        spaced = {number for number, name in enumerate(header) if name[:1] == " "}
        lines = [
            [value.lstrip(" ") if column in spaced else value for column, value in enumerate(line)]
            for line in lines
        ]
    columns = find_columns(header, lines, path)
    rows = [dict(zip(columns.names, line, strict=True)) for line in lines]
    _check_values(rows, path, numbers, columns.splits)
    written = [row["path"] for row in rows]
    for row in rows:
        # Not normalised: what `..` means after a link is the file system's to say.
        row["path"] = str((path.parent / row["path"]).absolute())
    # Not `str`, which pandas may keep as UTF-8: not every file name is.
    frame = pd.DataFrame(rows, columns=columns.names, dtype=object)
    notes = [*text.notes, *columns.notes]
    if not text.is_manifest:  # there a label is the name of a class, whatever it looks like
        notes += [*_unbracket(frame), *_mark_several(frame)]
    return CsvList(frame, written, notes)


def _check_header(header: Sequence[str], path: Path) -> None:
    if not header:
        raise DataError(f"{str(path)!r} is empty: its first line should be path,label.")
    twice = [name for name in header if list(header).count(name) > 1]
    if twice:
        raise DataError(
            f"{str(path)!r} has two columns called {twice[0]!r}: give each its own name."
        )


def _check_length(header: Sequence[str], line: Sequence[str], path: Path, number: int) -> None:
    if len(line) != len(header):
        raise DataError(
            f"{str(path)!r}, line {number}, has {len(line)} values under {len(header)} columns: "
            "put a value with a comma in it in double quotes."
        )


def _check_values(
    rows: Sequence[dict[str, str]], path: Path, numbers: Sequence[int], splits: dict[str, str]
) -> None:
    """Raise an error for rows without path or label, and give splits our names, in place."""
    splits = splits or named_splits(dict.fromkeys(row.get("split", "").strip() for row in rows))
    for row, number in zip(rows, numbers, strict=True):
        where = f"{str(path)!r}, line {number},"
        for name in NEEDED:
            if not row[name]:
                raise DataError(f"{where} has no {name}: each image needs a path and a label.")
        if "split" not in row:
            continue
        split = row["split"].strip()
        row["split"] = splits.get(split, "")
        if split and row["split"] in ("", UNLABELLED):
            raise DataError(
                f"{where} has the split {split!r}: it should be train, validation or test, "
                "or empty in all lines."
            )


def _unbracket(frame: pd.DataFrame) -> list[str]:
    """Take the brackets off labels that are lists of one, `['cat']`, in place; return a note."""
    labels = [without_brackets(label) for label in frame["label"]]
    changed = [old for old, new in zip(frame["label"], labels, strict=True) if old != new]
    frame["label"] = pd.Series(labels, frame.index, dtype=object)
    if not changed:
        return []
    return [f"Labels such as {changed[0]!r} were read without their brackets."]


def _mark_several(frame: pd.DataFrame) -> list[str]:
    """Give rows with several labels in one cell a problem, in place; return a note on them."""
    several = several_labels(frame["label"].tolist())
    marked = frame["label"].isin(list(several))
    if not marked.any():
        return []
    problems = {
        label: f"{SEVERAL}: {', '.join(map(repr, parts))}" for label, parts in several.items()
    }
    earlier = frame["problem"] if "problem" in frame else pd.Series("", frame.index, dtype=object)
    frame["problem"] = [
        problem or problems.get(label, "")
        for problem, label in zip(earlier, frame["label"], strict=True)
    ]
    frame["problem"] = frame["problem"].astype(object)
    count = int(marked.sum())
    lines = "1 line has" if count == 1 else f"{count} lines have"
    return [
        f"{lines} several labels in one cell, such as {frame.loc[marked, 'label'].iloc[0]!r}: an "
        "image has one label here, so these were left out."
    ]
