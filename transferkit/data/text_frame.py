"""The frame of a manifest: its columns, every value text."""

from __future__ import annotations

import os

import pandas as pd

from transferkit.data.sources.csv.column_roles import NEEDED
from transferkit.data.sources.split_names import SPLITS, named_splits
from transferkit.errors import DataError

COLUMNS = ("path", "label", "split", "group", "problem")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with all `COLUMNS`, every value text, and splits by their names in `SPLITS`."""
    positions = {str(name): number for number, name in enumerate(frame.columns)}
    if len(positions) < len(frame.columns):
        raise DataError("A manifest's frame has two columns of one name: give each its own.")
    missing = [name for name in NEEDED if name not in positions]
    if missing:
        raise DataError(
            f"A manifest's frame has no column {missing[0]!r}: it should have path and label, and "
            "may have split, group and problem."
        )
    text = {
        name: _texts(frame.iloc[:, positions[name]]) if name in positions else [""] * len(frame)
        for name in dict.fromkeys([*COLUMNS, *positions])
    }
    for name in NEEDED:
        if "" in text[name]:
            raise DataError(
                f"Row {text[name].index('')} of a manifest's frame has no {name}: each image needs "
                "a path and a label."
            )
    splits = named_splits(dict.fromkeys(name.strip() for name in text["split"]))
    text["split"] = [splits.get(name.strip(), name.strip()) for name in text["split"]]
    unknown = sorted(set(text["split"]) - {"", *SPLITS})
    if unknown:
        raise DataError(
            f"A manifest's frame has the split {unknown[0]!r}: it should be train, validation or "
            "test, or empty for a row that is not used."
        )
    # Not `str`, which pandas may hold as UTF-8: not every file name is.
    return pd.DataFrame(text, dtype=object)


def _texts(values: pd.Series) -> list[str]:
    """Return `values` as text, also names of files; missing ones are empty."""
    return [
        "" if blank else os.fsdecode(value) if isinstance(value, bytes) else str(value)
        for value, blank in zip(values, values.isna(), strict=True)
    ]


def columns_of(frame: pd.DataFrame) -> list[str]:
    """Return `COLUMNS`, and then the others of `frame`."""
    return [*COLUMNS, *(str(name) for name in frame if name not in COLUMNS)]
