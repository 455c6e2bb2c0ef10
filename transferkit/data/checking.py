"""Before anything is split: files that cannot be used, and files that are there twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from transferkit.config import DataConfig
from transferkit.data.files import inspect_files
from transferkit.errors import DataError


def check_rows(frame: pd.DataFrame, data: DataConfig) -> tuple[pd.DataFrame, list[str]]:
    """`frame` with `problem` and `group` filled in, and sentences on what was found.

    A file that cannot be read is quarantined; so is one whose very content is under two labels,
    since one of them is wrong. Copies under one label become a group, which no split may part.

    Raises:
        DataError: `data.strict` and there is a problem.
    """
    frame = frame.copy()
    files = inspect_files(frame["path"].tolist(), data.max_pixels)
    new = (frame["problem"] == "").to_numpy()
    frame.loc[new, "problem"] = files.loc[new, "problem"].to_numpy()
    digests = files["digest"].to_numpy()
    _contradictions(frame, digests)
    notes = _copies(frame, digests)
    bad = frame[frame["problem"] != ""]
    if len(bad):
        first = bad.iloc[0]
        if data.strict:
            raise DataError(
                f"{len(bad)} of {len(frame)} files have a problem, and --data.strict is set; "
                f"the first, {first['path']!r}, {first['problem']}."
            )
        notes.append(f"{len(bad)} of {len(frame)} files were left out; the list names each.")
    return frame, notes


def _contradictions(frame: pd.DataFrame, digests: np.ndarray) -> None:
    """Quarantine each file whose content is under several labels."""
    good = frame[frame["problem"] == ""].assign(digest=digests[frame["problem"] == ""])
    for _, same in good.groupby("digest"):
        if same["label"].nunique() == 1:
            continue
        for index, row in same.iterrows():
            other = same[same["label"] != row["label"]].iloc[0]
            frame.loc[index, "problem"] = (
                f"is the same file as {other['path']!r}, which is under the label "
                f"{other['label']!r}"
            )


def _copies(frame: pd.DataFrame, digests: np.ndarray) -> list[str]:
    """Make files with the same content a group, where the source gave them none."""
    good = frame[frame["problem"] == ""].assign(digest=digests[frame["problem"] == ""])
    copies = good[good.duplicated("digest", keep=False)]
    if copies.empty:
        return []
    free = copies[copies["group"] == ""]
    frame.loc[free.index, "group"] = "copy:" + free["digest"].str[:12]
    notes = [
        f"{len(copies) - copies['digest'].nunique()} files are exact copies of others: "
        "a split keeps copies together."
    ]
    parted = copies.groupby("digest")["split"].transform("nunique") > 1
    if parted.any():
        notes.append(
            f"{int(parted.sum())} files are copies of each other on both sides of the source's "
            "own split: the scores on the test images flatter every classifier."
        )
    return notes
