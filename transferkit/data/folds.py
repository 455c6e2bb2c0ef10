"""Cross-validation folds that keep groups together and never fail for small classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import joblib
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

MAX_FOLDS = 3  # enough to choose among a few values; each costs one fit per value
MAX_SMALL_GROUP = 4  # images by which folds may differ: near copies are seldom more
MAX_SEARCHED = 3000  # images that a search samples from a larger set; the fit takes all
Fold = tuple[np.ndarray, np.ndarray]


@contextmanager
def parallel_search() -> Iterator[None]:
    """Run the fits of a search in threads, one per core; the final fit belongs in it too.

    BLAS threads within each would wait for one another: logistic regression on 1,443 x 1,280
    features took 10 s on two cores with them, and 0.7 s without; a single fit on 2,569 took 1.8 s
    of the processor, and 0.1 s. A search visits values that are slow to converge, and scores them
    as they are: warnings of that are ignored.
    """
    with (
        warnings.catch_warnings(),
        joblib.parallel_config(backend="threading", n_jobs=-1),
        threadpool_limits(1, user_api="blas"),
    ):
        warnings.simplefilter("ignore", ConvergenceWarning)
        # scikit-learn takes many classes of few images for a regression.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield


def search_folds(
    labels: np.ndarray, groups: Sequence[str], seed: int
) -> tuple[np.ndarray, list[Fold]]:
    """Return the rows that a search uses, and their folds.

    These are `MAX_SEARCHED`, and one more of each class that has none among them: with one class
    alone, there would be nothing to learn.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    rows, rest = order[:MAX_SEARCHED], order[MAX_SEARCHED:]
    others, firsts = np.unique(labels[rest], return_index=True)
    rows = np.concatenate([rows, rest[firsts[~np.isin(others, labels[rows])]]])
    return rows, make_folds(labels[rows], [groups[row] for row in rows], seed)


def make_folds(labels: np.ndarray, groups: Sequence[str], seed: int) -> list[Fold]:
    """Return up to `MAX_FOLDS` pairs of row indices, for training and for validation.

    They are stratified by `labels`, `(images,)` class indices. Images of one group (duplicates; an
    empty name is no group) stay on one side. Every class is in each training part: a class that is
    too small to be divided is never in validation. Where no class can be divided, the one fold
    has all rows in both parts.
    """
    everything, numbers = np.arange(len(labels)), _group_numbers(groups)
    folds = []
    for train, held_out in _stratified(labels, numbers, seed):
        lost = ~np.isin(labels[held_out], labels[train])
        # With the other images of their groups.
        lost = np.isin(numbers[held_out], numbers[held_out[lost]])
        train, held_out = np.concatenate([train, held_out[lost]]), held_out[~lost]
        if len(held_out):
            folds.append((train, held_out))
    return folds or [(everything, everything)]


def _stratified(labels: np.ndarray, groups: np.ndarray, seed: int) -> list[Fold]:
    _, firsts, members, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    count = min(MAX_FOLDS, int(np.bincount(labels).max()), len(firsts))
    if count < 2:
        return []
    with warnings.catch_warnings():
        # It warns of classes with fewer images than folds; `make_folds` handles these.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        if sizes.max() <= MAX_SMALL_GROUP and np.bincount(labels[firsts]).max() >= count:
            # By their first images: a loop over groups, in Python, would take 0.15 s of 2,312.
            splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
            masks = [
                np.isin(members, held_out) for _, held_out in splitter.split(firsts, labels[firsts])
            ]
            return [(np.flatnonzero(~held_out), np.flatnonzero(held_out)) for held_out in masks]
        by_group = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return list(by_group.split(labels, labels, groups))


def _group_numbers(groups: Sequence[str]) -> np.ndarray:
    """Return one number per image, equal within a group; an image without a group is alone."""
    names = [(name or None, None if name else row) for row, name in enumerate(groups)]
    numbers: dict[tuple[str | None, int | None], int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
