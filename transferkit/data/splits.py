"""Which image is trained on, watched and tested: stratified, seeded, and whole groups together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SPLITS = ("train", "test", "validation")  # in the order in which a rare class fills them


def split_groups(
    labels: Sequence[str], groups: Sequence[str], *, validation: float, test: float, seed: int
) -> np.ndarray:
    """One of `SPLITS` for each image, as an array of strings.

    Images with the same non-empty group stay together. Each class is shared out by itself, and is
    in every split that it could be in: with one group (or image) in train, with two in train and
    test, with more in all that are asked for. A share of 0 leaves a split empty.
    """
    units, counts = _count_units(labels, groups)
    shares = np.array([1 - validation - test, test, validation])
    generator = np.random.default_rng(seed)
    chosen = _share_out(counts, shares, generator.permutation(len(counts)))
    _fill_gaps(chosen, counts, shares)
    return np.array(SPLITS)[chosen[units]]


def _count_units(labels: Sequence[str], groups: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """`(images,)` the unit of each image, `(units, classes)` how many of each class it holds."""
    keys = [("group", group) if group else ("image", str(i)) for i, group in enumerate(groups)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    units = np.array([numbers[key] for key in keys])
    names, classes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    counts = np.zeros((len(numbers), len(names)), int)
    np.add.at(counts, (units, classes), 1)
    return units, counts


def _share_out(counts: np.ndarray, shares: np.ndarray, order: np.ndarray) -> np.ndarray:
    """`(units,)` the split of each unit: where it fills most of what is still wanted.

    Units of rare classes choose first, large ones before small ones: what comes late can still
    fit, and what comes early cannot spoil a class that has few.
    """
    totals = counts.sum(axis=0)
    wanted = np.rint(np.outer(shares, totals))  # (splits, classes) images
    wanted[1:, (counts > 0).sum(axis=0) == 1] = 0  # one unit alone is trained on
    wanted[0] = totals - wanted[1:].sum(axis=0)
    rarest = np.where(counts > 0, totals, totals.max()).min(axis=1)
    order = order[np.lexsort((-counts.sum(axis=1)[order], rarest[order]))]
    chosen = np.zeros(len(counts), int)
    for unit in order:
        filled = np.minimum(wanted, counts[unit]).clip(min=0)
        overfull = counts[unit] - filled
        gain = ((filled - overfull) / totals).sum(axis=1)
        chosen[unit] = int(np.argmax(np.where(shares > 0, gain, -np.inf)))
        wanted[chosen[unit]] -= counts[unit]
    return chosen


def _fill_gaps(chosen: np.ndarray, counts: np.ndarray, shares: np.ndarray) -> None:
    """Move a unit into each split that lacks a class which has a unit to spare elsewhere."""
    for wanting in np.flatnonzero(shares > 0):
        for label in range(counts.shape[1]):
            holds = counts[:, label] > 0
            if holds[chosen == wanting].any():
                continue
            spare = [unit for unit in np.flatnonzero(holds) if _can_leave(unit, chosen, counts)]
            if spare:
                chosen[min(spare, key=lambda unit: counts[unit].sum())] = wanting


def _can_leave(unit: int, chosen: np.ndarray, counts: np.ndarray) -> bool:
    """Whether each class of `unit` is in its split by another unit too."""
    others = (chosen == chosen[unit]) & (np.arange(len(chosen)) != unit)
    return bool((counts[others][:, counts[unit] > 0] > 0).any(axis=0).all())
