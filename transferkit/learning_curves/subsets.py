"""Stratified training subsets of growing size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SIZES_PER_DECADE = (1, 2, 5)  # of a decade
MAX_SHARE = 0.8  # of all images: a size that is nearer is as good as all


def subset_sizes(labels: np.ndarray) -> list[int]:
    """Return 1, 2, 5, 10, 20, 50 ... images per class, as long as that is clearly fewer than all.

    A class with fewer images gives all that it has. `labels` is `(images,)` class numbers.
    """
    counts = np.bincount(labels)
    sizes: list[int] = []
    decade = 1
    while True:
        for step in SIZES_PER_DECADE:
            if np.minimum(counts, step * decade).sum() > MAX_SHARE * len(labels):
                return sizes
            sizes.append(step * decade)
        decade *= 10


def draw_subset(
    labels: np.ndarray, groups: Sequence[str], size: int, *, seed: Sequence[int]
) -> np.ndarray:
    """Return the rows of up to `size` images per class, sampled with `seed`, in ascending order.

    Images of one group (an empty name is no group) are drawn together or not at all. A group that
    has more than is wanted is passed over, but no class is left without an image for that. Of two
    sizes with one seed, the larger has what the smaller has, where no group prevents it.
    """
    units = _units(groups)
    order = [units[number] for number in np.random.default_rng(seed).permutation(len(units))]
    counts = np.zeros(labels.max() + 1, int)
    taken: list[np.ndarray] = []
    for rows in order:
        classes, adds = np.unique(labels[rows], return_counts=True)
        if (counts[classes] + adds <= size).all():
            counts[classes] += adds
            taken.append(rows)
    for lost in np.setdiff1d(labels, np.flatnonzero(counts)):
        if not counts[lost]:  # a group that came in for another class may have it
            taken.append(next(rows for rows in order if lost in labels[rows]))
            counts[labels[taken[-1]]] += 1
    return np.sort(np.concatenate(taken))


def _units(groups: Sequence[str]) -> list[np.ndarray]:
    """Return the rows of each group, and of each image without a group."""
    members: dict[tuple[bool, str | int], list[int]] = {}
    for row, name in enumerate(groups):
        members.setdefault((bool(name), name or row), []).append(row)
    return [np.array(rows) for rows in members.values()]
