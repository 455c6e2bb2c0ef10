"""Lists without a column of paths or of labels: what they hold, and what to change."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from transferkit.data.sources.csv.column_names import NAMES, plain
from transferkit.data.sources.csv.paths import SAMPLE, find_repair
from transferkit.runtime.text import named

LABELS = re.compile(
    r"label|class|diagnos|^dx$|level|grade|breed|categor|species|finding|target|disease|emotion"
)
BITS = {"0", "1", "0.0", "1.0", "0.", "1."}
ENDINGS = re.compile(r"[.](jpe?g|png|tiff?|bmp|gif|webp)$", re.IGNORECASE)


def missing_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], path: Path) -> str:
    """Return the sentence for a list whose `columns` lack path or label."""
    shown = named(columns)
    start = f"{str(path)!r} has the columns {shown}: it should have path,label"
    cause = _cause(columns, path)
    if cause:
        return cause
    place = columns.index("path") if "path" in columns else _files(columns, rows, path.parent)
    advice = []
    if "path" not in columns and place is not None:
        advice.append(f"{columns[place]!r} names files, so call it path")
    if "label" not in columns:
        bits = _bits(columns, rows)
        if len(bits) > 1:
            advice.append(
                f"{named(columns[number] for number in bits)} are one column for each class, so "
                "put the class of each image into one column called label"
            )
        elif place is not None:
            advice += _label_advice(columns, rows, place)
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
    if any(ENDINGS.search(name.strip()) for name in columns):
        return (
            f"{str(path)!r} has no names of columns, since its first line is "
            f"{','.join(columns)!r}: put the line path,label above it."
        )
    return ""


def _files(columns: Sequence[str], rows: Sequence[Sequence[str]], folder: Path) -> int | None:
    """Return the only column that names files that are there, with or without their endings."""
    places = []
    for place, name in enumerate(columns):
        values = [row[place] for row in rows[:SAMPLE] if row[place].strip()]
        if name in NAMES or not values:
            continue
        if _are_files(values, folder):
            places.append(place)
    return places[0] if len(places) == 1 else None


def _are_files(values: Sequence[str], folder: Path) -> bool:
    """Whether `values` name files that are there, each another one, perhaps without endings."""
    if any(os.path.isfile(folder / value) for value in values):
        return True
    if len(set(values)) < len(values):
        return False
    repair = find_repair(values, folder)
    return repair is not None and repair.match != "other ending"


def _bits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that hold 0 and 1 alone, 1 among them."""
    bits = []
    for place in range(len(columns)):
        values = {row[place].strip() for row in rows}
        if values <= BITS and len(values) > 1:
            bits.append(place)
    return bits


def _label_advice(columns: Sequence[str], rows: Sequence[Sequence[str]], place: int) -> list[str]:
    """Return what to call label beside the column of paths at `place`."""
    others = [number for number, name in enumerate(columns) if number != place and name]
    repeated = [
        number
        for number in others
        if 1 < len({row[number] for row in rows}) < len(rows) and columns[number] not in NAMES
    ]
    likely = [number for number in repeated if LABELS.search(plain(columns[number]))]
    choice = likely if len(likely) == 1 else repeated
    if not choice:
        return []
    if len(choice) == 1:
        return [f"call {columns[choice[0]]!r} label"]
    return [
        f"call the one of {named(columns[number] for number in choice)} label that is the class"
    ]
