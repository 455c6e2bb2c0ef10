"""Sequences by file names: frames of a film, cells of a slide, pictures of one person.

No two images of a sequence are near copies, and yet they are far more similar than other images of
their class: a random split parts them, and flatters overfitted classifiers. A pattern on the names
is proposed where the images of its groups are so similar, and no wider than they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferkit.data.quality.group_pattern import groups_of
from transferkit.data.quality.name_patterns import name_patterns

MIN_GROUPS = 6  # of two images or more
MIN_SHARE = 0.05  # of the images, in such groups
MAX_SHARE = 0.25  # of all images in the largest, of a class in most: a split has to have room
MIN_RANK = 0.7  # mean of pairs among those of their class, 0..1: by chance 0.5
MIN_ERRORS = 3.0  # standard errors of the mean rank above `WEAK_RANK`
WEAK_RANK = 0.55  # mean rank of names that tell a little of the time or the place
MAX_GROUPS, MAX_PAIRS = 400, 6  # groups, and pairs of each, that are compared
MAX_OTHERS = 3000  # images that pairs are compared with
MIN_OTHERS = 5  # of the class, for a rank
MIN_SHARED = 0.95  # of the pairs of a pattern that a wider one has too


@dataclass(frozen=True)
class Sequences:
    """The groups that a pattern on the names would make.

    Attributes:
        pattern: for `--data.group-by`.
        groups: `(images,)` names, empty where an image is in none or alone.
        rank: share of other images of its class, 0..1, that are less similar to an image than
            one of its group; the mean over groups.
    """

    pattern: str
    groups: tuple[str, ...]
    rank: float

    @property
    def count(self) -> int:
        """The number of groups."""
        return len(set(self.groups) - {""})


@dataclass(frozen=True)
class _Images:
    """Images to compare: unit features, class indices, known groups."""

    features: np.ndarray
    labels: np.ndarray
    known: np.ndarray


def find_sequences(
    features: np.ndarray,
    paths: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    seed: int = 0,
) -> Sequences | None:
    """Return the widest pattern on `paths` whose groups are similar; None where there is none.

    Args:
        features: `(images, features)`, whose correlation is the similarity of images.
        paths: of the images, POSIX text below the source.
        labels: of the images.
        groups: those known already, such as copies; pairs within one are no evidence.
        seed: of the sampled pairs.
    """
    numbers = np.unique(np.asarray(labels, str), return_inverse=True)[1]
    images = _Images(_unit(features), numbers, _numbers(groups))
    fitting: list[tuple[str, np.ndarray, list[str], float]] = []
    partitions: set[bytes] = set()
    for pattern in name_patterns(paths, labels):
        names = _shared(groups_of(paths, pattern))
        owner = _numbers(names)
        if owner.tobytes() in partitions or not _fits(owner, images.labels):
            continue
        partitions.add(owner.tobytes())
        pairs = _new_pairs(owner, images.known, np.random.default_rng(seed))
        rank = _mean_rank(images, owner, pairs, seed)
        if rank is not None:
            fitting.append((pattern, owner, names, rank))
    owners = [owner for _, owner, _, _ in fitting]
    sound = [option for option in fitting if _is_sound(option[1], owners, images, seed)]
    if not sound:
        return None
    pattern, _, names, rank = max(sound, key=lambda option: _pair_count(option[1]))
    return Sequences(pattern, tuple(names), rank)


def _is_sound(owner: np.ndarray, others: Sequence[np.ndarray], images: _Images, seed: int) -> bool:
    """Whether the pairs that `owner` has beyond those of each finer grouping are similar too."""
    for other in others:
        if other is owner or not _is_finer(other, owner):
            continue
        pairs = _new_pairs(owner, images.known, np.random.default_rng(seed), without=other)
        if len(pairs) and _mean_rank(images, owner, pairs, seed) is None:
            return False
    return True


def _unit(features: np.ndarray) -> np.ndarray:
    """Return `(images, features)` float32: standardized features, each image of length 1."""
    values = features.astype(np.float32)
    values = values - values.mean(axis=0)
    values /= np.maximum(values.std(axis=0), 1e-6)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)


def _shared(names: Sequence[str]) -> list[str]:
    """Return `names`, empty where only one image has a name."""
    counts = pd.Series(names, dtype=object).map(dict(pd.Series(names, dtype=object).value_counts()))
    return [name if count > 1 else "" for name, count in zip(names, counts, strict=True)]


def _numbers(names: Sequence[str]) -> np.ndarray:
    """Return `(images,)` int64, the index of each group, from 0 in their order; -1 for none."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) if name else -1 for name in names], np.int64)


def _fits(owner: np.ndarray, labels: np.ndarray) -> bool:
    """Whether there are enough groups, and none too large for a split to have room for it."""
    grouped = owner >= 0
    sizes = np.bincount(owner[grouped])
    cells, in_cell = np.unique(
        np.stack([owner[grouped], labels[grouped]]), axis=1, return_counts=True
    )
    of_class = in_cell / np.bincount(labels)[cells[1]]
    return bool(
        len(sizes) >= MIN_GROUPS
        and sizes.sum() >= MIN_SHARE * len(owner)
        and sizes.max() <= MAX_SHARE * len(owner)
        and np.median(of_class) <= MAX_SHARE
    )


def _pair_count(owner: np.ndarray) -> int:
    sizes = np.bincount(owner[owner >= 0])
    return int((sizes * (sizes - 1) // 2).sum())


def _is_finer(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether nearly all pairs of `first` are pairs of `second` too, which has more of them."""
    both = (first >= 0) & (second >= 0)
    together = np.unique(np.stack([first[both], second[both]]), axis=1, return_counts=True)[1]
    shared = int((together * (together - 1) // 2).sum())
    return shared >= MIN_SHARED * _pair_count(first) and _pair_count(second) > _pair_count(first)


def _new_pairs(
    owner: np.ndarray,
    known: np.ndarray,
    generator: np.random.Generator,
    *,
    without: np.ndarray | None = None,
) -> np.ndarray:
    """Return `(pairs, 2)` images of one group, of sampled groups, that no other grouping has."""
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    members = np.split(order, np.flatnonzero(np.diff(owner[order])) + 1) if len(order) else []
    apart = [grouping for grouping in (known, without) if grouping is not None]
    chosen: list[np.ndarray] = []
    for number in generator.permutation(len(members)):
        group = members[number]
        pairs = generator.choice(group, (4 * MAX_PAIRS, 2))  # some are the same image, or known
        pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
        for grouping in apart:
            first, second = grouping[pairs].T
            pairs = pairs[(first != second) | (first < 0)]
        if len(pairs):
            chosen.append(generator.permutation(pairs)[:MAX_PAIRS])
        if len(chosen) == MAX_GROUPS:
            break
    return np.concatenate(chosen) if chosen else np.empty((0, 2), np.int64)


def _mean_rank(images: _Images, owner: np.ndarray, pairs: np.ndarray, seed: int) -> float | None:
    """Return the mean rank of `pairs` among those of their class, if it is beyond chance."""
    others = np.arange(len(owner))
    if len(others) > MAX_OTHERS:
        others = np.random.default_rng(seed).choice(others, MAX_OTHERS, replace=False)
    ranks = np.full(len(pairs), np.nan)
    for index, (first, second) in enumerate(pairs):
        own = images.features[first]
        rivals = others[
            (images.labels[others] == images.labels[second]) & (owner[others] != owner[first])
        ]
        rivals = rivals[rivals != first]
        if len(rivals) >= MIN_OTHERS:
            ranks[index] = (images.features[rivals] @ own < images.features[second] @ own).mean()
    by_group = pd.Series(ranks).groupby(owner[pairs[:, 0]]).mean().dropna().to_numpy()
    if len(by_group) < MIN_GROUPS:
        return None
    mean, error = float(by_group.mean()), float(by_group.std(ddof=1) / np.sqrt(len(by_group)))
    return mean if mean >= MIN_RANK and mean - MIN_ERRORS * error > WEAK_RANK else None
