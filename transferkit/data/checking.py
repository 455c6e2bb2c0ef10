"""Before anything is split: files that cannot be used, and files that are there twice."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from transferkit.config import DataConfig
from transferkit.data.findings import Row
from transferkit.errors import DataError

SAME = "is the same file as"
NEAR = "is nearly the same picture as"
MADE = ("copy:", "near:")  # how the groups begin that are made here
Pair = tuple[int, int]


def check_rows(
    frame: pd.DataFrame, files: pd.DataFrame, near: Sequence[Pair] = (), *, data: DataConfig
) -> tuple[pd.DataFrame, list[Row]]:
    """`frame` with `problem` and `group` filled in, and what was found.

    `files` is what `inspect_files` says of its paths, `near` the pairs of rows that `near_copies`
    found. A file that cannot be read is quarantined; so is one whose very content is under two
    labels, since one of them is wrong. Copies and near copies become a group, together with the
    groups that they are in already, which no split may part.

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
    found = [*_problems(frame, digests), *_copy_rows(copies), *_near_rows(frame, digests, near)]
    _group(frame, digests, exact=_chained(copies["digest"]), near=near)
    return frame, found


def left_out(frame: pd.DataFrame) -> list[str]:
    """A sentence where rows have a problem."""
    bad = int((frame["problem"] != "").sum())
    return [f"{bad} of {len(frame)} files were left out; the list names each."] if bad else []


def leaks(frame: pd.DataFrame, name: str, *, strict: bool) -> tuple[list[Row], list[str]]:
    """The images of groups that are in several splits of `name`, and a sentence on them.

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
            other = next(each for each in firsts if each != split)
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


def numbered(values: pd.Series) -> np.ndarray:
    """`(rows,)` int64, the number of each of the texts among the different ones.

    To group by: of the texts themselves pandas may keep UTF-8, and not every name is.
    """
    return np.unique(values.to_numpy(str), return_inverse=True)[1]


def _copies(frame: pd.DataFrame, digests: pd.Series) -> pd.DataFrame:
    """The usable rows whose content another usable row has too, with their `digest`."""
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
    """Of each image that looks like others, the first other of its label, and of another label."""
    labels, paths = frame["label"].tolist(), frame["path"].tolist()
    alike = digests[sorted({row for pair in near for row in pair})]
    names = alike.groupby(_joined(len(frame), near)[alike.index]).transform("min")
    said = set()
    for one, other in sorted([*near, *((b, a) for a, b in near)]):
        same = labels[one] == labels[other]
        if (one, same) in said:
            continue
        said.add((one, same))
        group = f"near:{names[one][:12]}"
        detail = f"{NEAR} {paths[other]!r}"
        if same:
            yield "near_copy", paths[one], detail, group
        else:
            detail += f", which is under the label {labels[other]!r}"
            yield "near_contradiction", paths[one], detail, group


def _group(
    frame: pd.DataFrame, digests: pd.Series, *, exact: Sequence[Pair], near: Sequence[Pair]
) -> None:
    """Give one group to what is joined by copies or by groups that were there, in place."""
    given = frame["group"][frame["group"] != ""]
    sets = _joined(len(frame), [*_chained(given), *exact, *near])
    like = {sets[one] for one, _ in near}
    touched = frame.assign(digest=digests)[np.isin(sets, [sets[one] for one, _ in [*exact, *near]])]
    for number, members in touched.groupby(sets[touched.index]):
        # Those that were given before those that an earlier reading made.
        names = sorted(set(members["group"]) - {""}, key=lambda name: (name.startswith(MADE), name))
        made = f"{'near' if number in like else 'copy'}:{members['digest'].min()[:12]}"
        frame.loc[members.index, "group"] = names[0] if names else made


def _chained(values: pd.Series) -> list[Pair]:
    """Each row with the next one of the same value: enough to join all of them."""
    sets = values.groupby(numbered(values)).groups.values()
    return [pair for rows in sets for pair in pairwise(rows)]


def _joined(count: int, pairs: Sequence[Pair]) -> np.ndarray:
    """`(count,)` the number of the set that each row is in, where `pairs` are in one set."""
    rows, others = np.array(pairs, int).reshape(-1, 2).T
    edges = coo_array((np.ones(len(rows), bool), (rows, others)), shape=(count, count))
    return connected_components(edges, directed=False)[1]
