"""Checks before the split: files that cannot be used, copies, and leaks of a source's own split."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import pandas as pd

from transferkit.config.settings import DataConfig
from transferkit.data.quality.findings import Row
from transferkit.data.quality.grouping import (
    Pair,
    chained,
    joined,
    numbered,
    set_groups,
    without_whole_classes,
)
from transferkit.errors import DataError

SAME = "is the same file as"
NEAR = "is nearly the same picture as"


def check_rows(
    frame: pd.DataFrame, files: pd.DataFrame, near: Sequence[Pair] = (), *, data: DataConfig
) -> tuple[pd.DataFrame, list[Row]]:
    """Return `frame` with `problem` and `group` filled in, and the findings.

    `files` are the rows of `inspect_files` for its paths, `near` the pairs of rows of
    `near_duplicates`. A file that cannot be read is quarantined; so is one whose very content is
    under two labels, since one of them is wrong. Copies and near copies become a group, together
    with the groups that they are in already, which no split may part. Near copies that would take
    whole classes are named and not grouped.

    Raises:
        DataError: `data.strict` and there is a problem.
    """
    frame = frame.assign(problem=frame["problem"].where(frame["problem"] != "", files["problem"]))
    digests = files["digest"]
    _contradictions(frame, digests)
    bad = frame[frame["problem"] != ""]
    if len(bad) and data.strict:
        first = bad.iloc[0]
        raise DataError(
            f"{len(bad)} of {len(frame)} files have a problem, and --strict is set; "
            f"the first, {first['path']!r}, {first['problem']}: "
            "mend or remove them, or leave --strict out."
        )
    good = (frame["problem"] == "").to_numpy()
    near = [pair for pair in near if good[list(pair)].all()]
    copies = _copies(frame, digests)
    exact = chained(copies["digest"])
    grouped, ungrouped = without_whole_classes(frame, exact=exact, near=near)
    findings = [
        *_problems(frame, digests),
        *_copy_rows(copies),
        *_near_rows(frame, digests, grouped),
        *_ungrouped_rows(frame, ungrouped),
    ]
    set_groups(frame, digests, exact=exact, near=grouped)
    return frame, findings


def left_out(frame: pd.DataFrame) -> list[str]:
    """Return a note where rows have a problem."""
    bad = int((frame["problem"] != "").sum())
    return [f"{bad} of {len(frame)} files were left out; the list names each."] if bad else []


def leaks(frame: pd.DataFrame, name: str, *, strict: bool) -> tuple[list[Row], list[str]]:
    """Return the images of groups that are in several splits of `name`, and a note on them.

    Raises:
        DataError: `strict` and there are any.
    """
    together = frame[(frame["problem"] == "") & (frame["group"] != "") & (frame["split"] != "")]
    splits = together.groupby(numbered(together["group"]))["split"].transform("nunique")
    parted = together[splits > 1]
    rows: list[Row] = []
    for _, members in parted.groupby(numbered(parted["group"]), sort=False):
        group = members["group"].iloc[0]
        placed = list(zip(members["path"], members["split"], strict=True))
        firsts = {split: path for path, split in reversed(placed)}
        for path, split in placed:
            other = next(name for name in firsts if name != split)
            detail = f"is in {split}, and {firsts[other]!r} of its group in {other}"
            rows.append(("leak", path, detail, group))
    if not rows:
        return [], []
    tested = sum(detail.startswith("is in test") for _, _, detail, _ in rows)
    what = (
        f"{len(rows)} images have a copy, a near copy or one of their group on the other side of "
        f"the source's own split, {tested} of them in test"
    )
    if strict:
        raise DataError(
            f"{what}, and --strict is set; the first, {rows[0][1]!r}, {rows[0][2]}: "
            f"leave them out of the test (`transferkit look {shlex.quote(name)} --fix manifest` "
            "does), or leave --strict out."
        )
    return rows, [f"{what}: scores on such images flatter every classifier."]


def _copies(frame: pd.DataFrame, digests: pd.Series) -> pd.DataFrame:
    """Return the usable rows that are exact copies of each other, with their `digest`."""
    usable = frame.assign(digest=digests)[frame["problem"] == ""]
    return usable[usable.duplicated("digest", keep=False)]


def _contradictions(frame: pd.DataFrame, digests: pd.Series) -> None:
    """Quarantine, in place, each file whose content is under several labels."""
    for _, same in _copies(frame, digests).groupby("digest"):
        firsts = same.drop_duplicates("label")
        if len(firsts) == 1:
            continue
        for index, label in same["label"].items():
            other = firsts[firsts["label"] != label].iloc[0]
            frame.loc[index, "problem"] = (
                f"{SAME} {other['path']!r}, which is under the label {other['label']!r}"
            )


def _problems(frame: pd.DataFrame, digests: pd.Series) -> Iterator[Row]:
    bad = frame.assign(digest=digests)[frame["problem"] != ""]
    for path, problem, digest in zip(bad["path"], bad["problem"], bad["digest"], strict=True):
        if problem.startswith(SAME):
            yield "contradiction", path, problem, f"copy:{digest[:12]}"
        else:
            yield "unreadable", path, problem, ""


def _copy_rows(copies: pd.DataFrame) -> Iterator[Row]:
    for digest, same in copies.groupby("digest", sort=False):
        first, second, *_ = paths = same["path"].tolist()
        for path in paths:
            other = second if path == first else first
            yield "copy", path, f"{SAME} {other!r}", f"copy:{str(digest)[:12]}"


def _near_rows(frame: pd.DataFrame, digests: pd.Series, near: Sequence[Pair]) -> Iterator[Row]:
    """Yield, for each near copy, the first other of its label, and of another label."""
    labels, paths = frame["label"].tolist(), frame["path"].tolist()
    paired = digests[sorted({row for pair in near for row in pair})]
    names = paired.groupby(joined(len(frame), near)[paired.index]).transform("min")
    seen = set()
    for first, second in sorted([*near, *((b, a) for a, b in near)]):
        same = labels[first] == labels[second]
        if (first, same) in seen:
            continue
        seen.add((first, same))
        group = f"near:{names[first][:12]}"
        detail = f"{NEAR} {paths[second]!r}"
        if same:
            yield "near_copy", paths[first], detail, group
        else:
            detail += f", which is under the label {labels[second]!r}"
            yield "near_contradiction", paths[first], detail, group


def _ungrouped_rows(frame: pd.DataFrame, pairs: Sequence[Pair]) -> Iterator[Row]:
    """Yield, for each near copy that is not grouped, the first other."""
    paths = frame["path"].tolist()
    seen = set()
    for first, second in sorted([*pairs, *((b, a) for a, b in pairs)]):
        if first not in seen:
            seen.add(first)
            yield "one_view", paths[first], f"{NEAR} {paths[second]!r}", ""
