"""Which columns of a .csv file are the path, the label, the split and the group, by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.sources.csv.column_names import NAMES, NEEDED, plain
from transferkit.data.sources.csv.missing_columns import missing_columns
from transferkit.data.sources.csv.values import find_group, find_split, split_values
from transferkit.data.sources.split_names import UNLABELLED, named_splits
from transferkit.errors import DataError
from transferkit.runtime.text import named

# A number, also as a spreadsheet or pandas writes it: 0.0, -1.
NUMBER = re.compile(r"\s*[-+]?\d+([.]\d*)?\s*")
SAMPLE = 20  # paths that tell which of two columns has them


@dataclass
class Columns:
    """The columns of a list, those of ours by our names.

    Attributes:
        names: one for each column.
        splits: the split of each value under `split` that is one.
        notes: how they were read, as sentences.
    """

    names: list[str]
    splits: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_columns(header: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> Columns:
    """Return the columns of `header`: one of another name is taken where it is the only reading.

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
            place, notes = find(columns.names, rows)
            # A column that was named as no split is named once.
            columns.notes += notes
            if place is not None:
                roles[role], columns.names[place] = place, role
    if "split" in columns.names:
        place = columns.names.index("split")
        columns.splits = split_values(header[place], [row[place] for row in rows]) or {}
    if roles:
        read = ", ".join(f"{header[place]!r} as the {role}" for role, place in roles.items())
        columns.notes.insert(0, f"Columns of {path.name!r} were read by other names: {read}.")
    return columns


def _find_by_name(
    role: str,
    roles: dict[str, int],
    columns: Columns,
    rows: Sequence[Sequence[str]],
    path: Path,
) -> None:
    """Call the column that is the `role` by another name so, and put it into `roles`.

    Raises:
        DataError: several columns may be it.
    """
    names, others = columns.names, NAMES[role].split()
    spelt = [number for number, name in enumerate(names) if plain(name) == role]
    places = spelt or [number for number, name in enumerate(names) if plain(name) in others]
    if len(places) > 1:
        places = _narrowed(role, places, rows, path.parent)
    if len(places) > 1:
        raise DataError(
            f"{str(path)!r} has the columns {named(names[number] for number in places)}, and "
            f"each may be the {role}: call the one that counts {role}."
        )
    if not places:
        return
    wrong = _no_split(rows, places[0]) if role == "split" and not spelt else None
    if wrong is not None:
        columns.notes.append(
            f"The column {names[places[0]]!r} is not read as the split, since {wrong!r} in it "
            "is none: its values divide the images of the report."
        )
        return
    names[places[0]] = role
    roles[role] = places[0]


def _no_split(rows: Sequence[Sequence[str]], place: int) -> str | None:
    """Return the first value of a column that is no split; None where all are."""
    values = [row[place].strip() for row in rows]
    if split_values("", values):
        return None
    splits = named_splits(dict.fromkeys(values))
    return next(value for value in values if splits.get(value, UNLABELLED) == UNLABELLED)


def _narrowed(
    role: str, places: list[int], rows: Sequence[Sequence[str]], folder: Path
) -> list[int]:
    """Return the only one of the columns `places` that can be the `role`, or all of them."""
    if role == "path":
        right = [
            place
            for place in places
            if any(os.path.lexists(folder / row[place]) for row in rows[:SAMPLE] if row[place])
        ]
        return right if len(right) == 1 else places
    if role == "split":
        right = [place for place in places if _no_split(rows, place) is None]
        return right if len(right) == 1 else places
    values = [[row[place] for row in rows] for place in places]
    pairs = [set(zip(values[0], column, strict=True)) for column in values]
    alike = all(len(pair) == len(set(values[0])) == len({b for _, b in pair}) for pair in pairs)
    if not alike:  # they say different things
        return places
    words = [place for place in places if not all(NUMBER.fullmatch(row[place]) for row in rows)]
    return (words or places)[:1]
