"""Which columns of a .csv file are the path, the label, the split and the group, by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from transferkit.data.csv_names import NAMES, NEEDED, plain
from transferkit.data.phrases import named
from transferkit.data.split_names import UNLABELLED, named_splits
from transferkit.errors import DataError

# A number, also as a spreadsheet or pandas writes it: 0.0, -1.
NUMBER = re.compile(r"\s*[-+]?\d+([.]\d*)?\s*")
SAMPLE = 20  # paths that tell which of two columns has them


def find_columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], path: Path
) -> tuple[list[str], list[str]]:
    """Return `header` with the columns of ours called by our names, and sentences on them.

    A column of another name is taken where it is the only reading.

    Raises:
        DataError: there is no column of paths or of labels, or several may be it.
    """
    columns, notes, renamed = list(header), [], []
    for role, names in NAMES.items():
        if role in columns:
            continue
        spelt = [number for number, name in enumerate(columns) if plain(name) == role]
        others = [number for number, name in enumerate(columns) if plain(name) in names.split()]
        places = spelt or others
        if len(places) > 1:
            places = _narrowed(role, places, rows, path.parent)
        if len(places) > 1:
            raise DataError(
                f"{str(path)!r} has the columns {named(header[number] for number in places)}, and "
                f"each may be the {role}: call the one that counts {role}."
            )
        if not places:
            continue
        wrong = _no_split(rows, places[0]) if role == "split" and not spelt else None
        if wrong is not None:
            notes.append(
                f"The column {header[places[0]]!r} is not read as the split, since {wrong!r} in it "
                "is none: its values divide the images of the report."
            )
            continue
        columns[places[0]] = role
        renamed.append((header[places[0]], role))
    if not set(NEEDED) <= set(columns):
        raise DataError(
            f"{str(path)!r} has the columns {', '.join(map(repr, header))}: "
            "it should have path,label and may have split,group."
        )
    if renamed:
        read = ", ".join(f"{name!r} as the {role}" for name, role in renamed)
        notes.insert(0, f"Columns of {path.name!r} were read by other names: {read}.")
    return columns, notes


def _no_split(rows: Sequence[Sequence[str]], place: int) -> str | None:
    """Return the first value of a column that is no split; None where all are."""
    values = list(dict.fromkeys(row[place].strip() for row in rows))
    splits = named_splits(values)
    wrong = [value for value in values if splits.get(value, UNLABELLED) == UNLABELLED]
    return wrong[0] if wrong else None


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
