"""Before anything is split: files that cannot be used, and files that are there twice."""

from __future__ import annotations

import pandas as pd

from transferkit.config import DataConfig
from transferkit.data.scan import last_names, named
from transferkit.errors import DataError


def check_rows(
    frame: pd.DataFrame, files: pd.DataFrame, data: DataConfig
) -> tuple[pd.DataFrame, list[str]]:
    """`frame` with `problem` and `group` filled in, and sentences on what was found.

    `files` is what `inspect_files` says of its paths. A file that cannot be read is quarantined;
    so is one whose very content is under two labels, since one of them is wrong. Copies under one
    label become a group, which no split may part.

    Raises:
        DataError: `data.strict` and there is a problem.
    """
    frame = frame.assign(problem=frame["problem"].where(frame["problem"] != "", files["problem"]))
    digests = files["digest"]
    _contradictions(frame, digests)
    notes = [*_copies(frame, digests), *_parted(frame)]
    bad = frame[frame["problem"] != ""]
    if len(bad) and data.strict:
        first = bad.iloc[0]
        raise DataError(
            f"{len(bad)} of {len(frame)} files have a problem, and --data.strict is set; "
            f"the first, {first['path']!r}, {first['problem']}: "
            "mend or remove them, or leave --data.strict out."
        )
    if len(bad):
        notes.append(f"{len(bad)} of {len(frame)} files were left out; the list names each.")
    return frame, notes


def _same_content(frame: pd.DataFrame, digests: pd.Series) -> pd.DataFrame:
    """The usable rows whose content another usable row has too, with their `digest`."""
    usable = frame.assign(digest=digests)[frame["problem"] == ""]
    return usable[usable.duplicated("digest", keep=False)]


def _contradictions(frame: pd.DataFrame, digests: pd.Series) -> None:
    """Quarantine, in place, each file whose content is under several labels."""
    for _, same in _same_content(frame, digests).groupby("digest"):
        firsts = same.drop_duplicates("label")
        if len(firsts) == 1:
            continue
        for index, label in same["label"].items():
            other = firsts[firsts["label"] != label].iloc[0]
            frame.loc[index, "problem"] = (
                f"is the same file as {other['path']!r}, which is under the label "
                f"{other['label']!r}"
            )


def _copies(frame: pd.DataFrame, digests: pd.Series) -> list[str]:
    """Give files with the same content one group, in place; groups that share a file become one."""
    copies = _same_content(frame, digests)
    if copies.empty:
        return []
    alone = copies.groupby("digest")["group"].transform("max") == ""
    frame.loc[copies.index[alone], "group"] = "copy:" + copies["digest"][alone].str[:12]
    for _, same in copies[~alone].groupby("digest"):
        # Read anew: an earlier copy may have joined these groups already.
        names = sorted(set(frame.loc[same.index, "group"]) - {""})
        frame.loc[same.index, "group"] = names[0]
        frame.loc[frame["group"].isin(names[1:]), "group"] = names[0]
    later = copies[copies.duplicated("digest")]
    which = named(last_names(later["path"]))
    return [f"Exact copies of other files, a group for each ({len(later)}): {which}."]


def _parted(frame: pd.DataFrame) -> list[str]:
    """A sentence where the source's own split parts a group."""
    together = frame[(frame["problem"] == "") & (frame["group"] != "") & (frame["split"] != "")]
    parted = together.groupby("group")["split"].transform("nunique") > 1
    if not parted.any():
        return []
    return [
        f"{int(parted.sum())} images have a copy, or one of their group, on the other side of the "
        "source's own split: scores on its test images flatter every classifier."
    ]
