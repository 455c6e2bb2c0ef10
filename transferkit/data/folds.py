"""Folds for choosing and calibrating that hold together what belongs together, and never fail."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

FOLDS = 3  # enough to choose among a few values; each fold more is a fit more of each
Fold = tuple[np.ndarray, np.ndarray]


def make_folds(truth: np.ndarray, groups: Sequence[str], seed: int) -> list[Fold]:
    """Up to `FOLDS` pairs of row numbers, to learn from and to judge by.

    They are stratified by `truth`, `(images,)` class numbers. Images of one group (duplicates; an
    empty name is no group) stay on one side. Every class is in each part that is learnt from: one
    that is too small to be divided is never judged by. Where no class can be divided, the one
    fold learns from all and is judged by all.
    """
    everything = np.arange(len(truth))
    folds = []
    for learn, judge in _stratified(truth, _group_numbers(groups), seed):
        lost = ~np.isin(truth[judge], truth[learn])
        learn, judge = np.concatenate([learn, judge[lost]]), judge[~lost]
        if len(judge):
            folds.append((learn, judge))
    return folds or [(everything, everything)]


def _stratified(truth: np.ndarray, groups: np.ndarray, seed: int) -> list[Fold]:
    count = min(FOLDS, int(np.bincount(truth).max()), len(np.unique(groups)))
    if count < 2:
        return []
    alone = len(np.unique(groups)) == len(groups)
    # Sorting out groups takes a loop over them in Python, so only where there are any.
    kind = StratifiedKFold if alone else StratifiedGroupKFold
    with warnings.catch_warnings():
        # It warns of classes with fewer images than folds; they are looked after above.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splitter = kind(count, shuffle=True, random_state=seed)
        return list(splitter.split(truth, truth, None if alone else groups))


def _group_numbers(groups: Sequence[str]) -> np.ndarray:
    """A number an image, equal for those of one group; an image without a group is alone."""
    names = [(name or None, None if name else row) for row, name in enumerate(groups)]
    numbers: dict[tuple[str | None, int | None], int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
