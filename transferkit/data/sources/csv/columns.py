"""Columns of a .csv file that are the path, the label, the split and the group, or missing."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.sources.csv.column_roles import (
    NAMES,
    NEEDED,
    find_group,
    find_split,
    plain,
    split_values,
)
from transferkit.data.sources.csv.paths import SAMPLE, find_repair
from transferkit.data.sources.split_names import UNLABELLED, named_splits
from transferkit.errors import DataError
from transferkit.runtime.text import named

LABELS = re.compile(
    r"label|class|diagnos|^dx$|level|grade|breed|categor|species|finding|target|disease|emotion"
)
BITS = {"0", "1", "0.0", "1.0", "0.", "1."}
EXTENSION = re.compile(r"[.](jpe?g|png|tiff?|bmp|gif|webp)$", re.IGNORECASE)

# A number, also as a spreadsheet or pandas writes it: 0.0, -1.
NUMBER = re.compile(r"\s*[-+]?\d+([.]\d*)?\s*")


@dataclass
class Columns:
    """The columns of a list, renamed by their roles.

    Attributes:
        names: one for each column.
        splits: the split of each value under `split` that is one.
        notes: sentences on how they were read.
    """

    names: list[str]
    splits: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_columns(header: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> Columns:
    """Return the columns of `header`: another name is accepted where there is only one reading.

    Raises:
        DataError: there is no column of paths or of labels, or several may be it.
    """
    columns = Columns(list(header))
    roles: dict[str, int] = {}
    for role in NAMES:
        if role not in header:
            _find_by_name(role, roles, columns, rows, path)
    if not set(NEEDED) <= set(columns.names):
        raise DataError(missing_columns(columns.names, rows, path))
    for role, find in (("split", find_split), ("group", find_group)):
        if role not in columns.names:
            index, notes = find(columns.names, rows)
            # A column that was named as no split is named once.
            columns.notes += notes
            if index is not None:
                roles[role], columns.names[index] = index, role
    if "split" in columns.names:
        index = columns.names.index("split")
        columns.splits = split_values(header[index], [row[index] for row in rows]) or {}
    if roles:
        read = ", ".join(f"{header[index]!r} as the {role}" for role, index in roles.items())
        columns.notes.insert(0, f"Columns of {path.name!r} were read by other names: {read}.")
    return columns


def _find_by_name(
    role: str,
    roles: dict[str, int],
    columns: Columns,
    rows: Sequence[Sequence[str]],
    path: Path,
) -> None:
    """Rename the column that has the `role` by another name, and put it into `roles`.

    Raises:
        DataError: several columns may be it.
    """
    names, others = columns.names, NAMES[role].split()
    spelt = [number for number, name in enumerate(names) if plain(name) == role]
    candidates = spelt or [number for number, name in enumerate(names) if plain(name) in others]
    if len(candidates) > 1:
        candidates = _narrowed(role, candidates, rows, path.parent)
    if len(candidates) > 1:
        raise DataError(
            f"{str(path)!r} has the columns {named(names[number] for number in candidates)}, and "
            f"each may be the {role}: call the one that counts {role}."
        )
    if not candidates:
        return
    no_split = _no_split(rows, candidates[0]) if role == "split" and not spelt else None
    if no_split is not None:
        columns.notes.append(
            f"The column {names[candidates[0]]!r} is not read as the split, since {no_split!r} in "
            "it is none: its values divide the images of the report."
        )
        return
    names[candidates[0]] = role
    roles[role] = candidates[0]


def _no_split(rows: Sequence[Sequence[str]], column: int) -> str | None:
    """Return the first value of a column that is no split; None where all are."""
    values = [row[column].strip() for row in rows]
    if split_values("", values):
        return None
    splits = named_splits(dict.fromkeys(values))
    return next(value for value in values if splits.get(value, UNLABELLED) == UNLABELLED)


def _narrowed(
    role: str, candidates: list[int], rows: Sequence[Sequence[str]], folder: Path
) -> list[int]:
    """Return the only one of the columns `candidates` that can be the `role`, or all of them."""
    if role == "path":
        right = [
            column
            for column in candidates
            if any(os.path.lexists(folder / row[column]) for row in rows[:SAMPLE] if row[column])
        ]
        return right if len(right) == 1 else candidates
    if role == "split":
        right = [column for column in candidates if _no_split(rows, column) is None]
        return right if len(right) == 1 else candidates
    first, *others = ([row[column] for row in rows] for column in candidates)
    pairs = [set(zip(first, values, strict=True)) for values in others]
    same = all(len(pair) == len(set(first)) == len({b for _, b in pair}) for pair in pairs)
    if not same:  # not one label by two names
        return candidates
    words = [
        column for column in candidates if not all(NUMBER.fullmatch(row[column]) for row in rows)
    ]
    return (words or candidates)[:1]


def missing_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> str:
    """Return the sentence for a list whose `columns` lack path or label."""
    shown = named(columns)
    start = f"{str(path)!r} has the columns {shown}: it should have path,label"
    cause = _cause(columns, path)
    if cause:
        return cause
    path_column = columns.index("path") if "path" in columns else _files(columns, rows, path.parent)
    advice = []
    if "path" not in columns and path_column is not None:
        advice.append(f"{columns[path_column]!r} names files, so call it path")
    if "label" not in columns:
        bits = _bits(columns, rows)
        if len(bits) > 1:
            advice.append(
                f"{named(columns[number] for number in bits)} are one column for each class, so "
                "put the class of each image into one column called label"
            )
        elif path_column is not None:
            advice += _label_advice(columns, rows, path_column)
    return f"{start} and may have split,group{'; ' if advice else ''}{'; '.join(advice)}."


def _cause(columns: Sequence[str], path: Path) -> str:
    """Return the sentence for a first line that is no header; empty where it may be one."""
    if columns[0].lstrip().startswith("#"):
        return (
            f"{str(path)!r} begins with the comment {columns[0]!r}: delete it, so that the first "
            "line is path,label."
        )
    if all(len(name) > 1 and name[0] == name[-1] == "'" for name in columns):
        return f"{str(path)!r} has values in single quotes: CSV has double quotes or none."
    if any(EXTENSION.search(name.strip()) for name in columns):
        return (
            f"{str(path)!r} has no names of columns, since its first line is "
            f"{','.join(columns)!r}: put the line path,label above it."
        )
    return ""


def _files(columns: Sequence[str], rows: Sequence[Sequence[str]], folder: Path) -> int | None:
    """Return the only column that names files that are there, with or without their endings."""
    matches = []
    for index, name in enumerate(columns):
        values = [row[index] for row in rows[:SAMPLE] if row[index].strip()]
        if name in NAMES or not values:
            continue
        if _are_files(values, folder):
            matches.append(index)
    return matches[0] if len(matches) == 1 else None


def _are_files(values: Sequence[str], folder: Path) -> bool:
    """Whether `values` name existing files, all different, perhaps without endings."""
    if any(os.path.isfile(folder / value) for value in values):
        return True
    if len(set(values)) < len(values):
        return False
    repair = find_repair(values, folder)
    return repair is not None and repair.match != "other ending"


def _bits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that hold 0 and 1 alone, 1 among them."""
    columns_of_bits = []
    for index in range(len(columns)):
        values = {row[index].strip() for row in rows}
        if values <= BITS and len(values) > 1:
            columns_of_bits.append(index)
    return columns_of_bits


def _label_advice(
    columns: Sequence[str], rows: Sequence[Sequence[str]], path_column: int
) -> list[str]:
    """Return advice on which column to call label, beside the `path_column`."""
    others = [number for number, name in enumerate(columns) if number != path_column and name]
    repeated = [
        number
        for number in others
        if 1 < len({row[number] for row in rows}) < len(rows) and columns[number] not in NAMES
    ]
    likely = [number for number in repeated if LABELS.search(plain(columns[number]))]
    candidates = likely if len(likely) == 1 else repeated
    if not candidates:
        return []
    if len(candidates) == 1:
        return [f"call {columns[candidates[0]]!r} label"]
    return [
        f"call the one of {named(columns[number] for number in candidates)} label that is the class"
    ]
