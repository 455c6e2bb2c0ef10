"""Groups of images that no split may part: those of the source, copies and near copies.

Near copies are not grouped where that would leave no split: the frames of a camera on a stand, or
one form filled in by many, may look alike in all of a class. There only exact copies are a group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

PREFIXES = ("copy:", "near:")  # of the names of groups of copies
MAX_CLASS_SHARE = 0.8  # of a class in one group: the default share of the test has no room beside
MIN_IMAGES = 4  # of a class in such a group: two or three may well be copies of one picture
MAX_COPIES = 10  # of a picture, as in folders augmented beforehand: of so many, half a class do
Pair = tuple[int, int]


def set_groups(
    frame: pd.DataFrame, digests: pd.Series, *, exact: Sequence[Pair], near: Sequence[Pair]
) -> None:
    """Give one group to rows joined by copies or by existing groups, in place."""
    sets = joined(len(frame), [*_existing(frame), *exact, *near])
    near_sets = {sets[first] for first, _ in near}
    touched = frame.assign(digest=digests)[
        np.isin(sets, [sets[first] for first, _ in [*exact, *near]])
    ]
    for number, members in touched.groupby(sets[touched.index]):
        # The source's own names before those of an earlier reading.
        names = sorted(
            set(members["group"]) - {""}, key=lambda name: (name.startswith(PREFIXES), name)
        )
        made = f"{'near' if number in near_sets else 'copy'}:{members['digest'].min()[:12]}"
        frame.loc[members.index, "group"] = names[0] if names else made


def without_whole_classes(
    frame: pd.DataFrame, *, exact: Sequence[Pair], near: Sequence[Pair]
) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs of `near` to group, and those that would leave no room for a split.

    The latter are the pairs of a set of images with more than `MAX_CLASS_SHARE` of a class, or
    more than half of it where these are `MAX_COPIES` or more; and all pairs where without them
    some class could be split and with them none.
    """
    usable = (frame["problem"] == "").to_numpy()
    labels = frame["label"].to_numpy(object)
    without = joined(len(frame), [*_existing(frame), *exact])
    together = joined(len(frame), [*_existing(frame), *exact, *near])
    unsplit = set(frame["split"][usable]) <= {"", "train"}
    if unsplit and not _parted(labels[usable], together[usable]):
        if _parted(labels[usable], without[usable]):
            return [], list(near)
        return list(near), []
    totals = Counter(labels[usable])
    members = Counter(zip(together[usable], labels[usable], strict=True))
    large = {
        number
        for (number, label), count in members.items()
        if (count >= MIN_IMAGES and count > MAX_CLASS_SHARE * totals[label])
        or (count >= MAX_COPIES and count > totals[label] / 2)
    }
    # Sets of the source's groups and exact copies alone are left as they are.
    counts = Counter(together[np.unique(without, return_index=True)[1]])
    large = {number for number in large if counts[number] > 1}
    grouped = [pair for pair in near if together[pair[0]] not in large]
    return grouped, [pair for pair in near if together[pair[0]] in large]


def _parted(labels: np.ndarray, sets: np.ndarray) -> bool:
    """Whether some class has images in two of the `sets`, so that one can be in test."""
    different = set(zip(labels, sets, strict=True))
    return any(count > 1 for count in Counter(label for label, _ in different).values())


def _existing(frame: pd.DataFrame) -> list[Pair]:
    """Return pairs that join the existing groups of `frame`."""
    return chained(frame["group"][frame["group"] != ""])


def chained(values: pd.Series) -> list[Pair]:
    """Return each row with the next one of the same value: enough to join all of them."""
    sets = values.groupby(numbered(values)).groups.values()
    return [pair for rows in sets for pair in pairwise(rows)]


def joined(count: int, pairs: Sequence[Pair]) -> np.ndarray:
    """Return `(count,)` the set index of each row, where `pairs` are in one set."""
    rows, others = np.array(pairs, int).reshape(-1, 2).T
    edges = coo_array((np.ones(len(rows), bool), (rows, others)), shape=(count, count))
    return connected_components(edges, directed=False)[1]


def numbered(values: pd.Series) -> np.ndarray:
    """Return `(rows,)` int64, the index of each text among the different ones.

    To group by: the texts themselves pandas may hold as UTF-8, and not every name is.
    """
    return np.unique(values.to_numpy(str), return_inverse=True)[1]
