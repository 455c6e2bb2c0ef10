"""Folds for choosing and calibrating that hold together what belongs together, and never fail."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import joblib
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

FOLDS = 3  # enough to choose among a few values; each fold more is a fit more of each
SMALL = 4  # images of a group by which the parts may differ: near copies are seldom more
SEARCHED = 3000  # images: a search draws as many from a larger set; the fit takes them all
Fold = tuple[np.ndarray, np.ndarray]


@contextmanager
def searching() -> Iterator[None]:
    """Within it, the fits of a search run in threads, one a core; the last fit belongs in it too.

    BLAS threads within each would wait for one another: logistic regression on 1,443 x 1,280
    features took 10 s on two cores with them, and 0.7 s without; a single fit on 2,569 took 1.8 s
    of the processor, and 0.1 s. A search visits values that are slow to converge, and judges them
    by what they reached: no warning of it is let through.
    """
    with (
        warnings.catch_warnings(),
        joblib.parallel_config(backend="threading", n_jobs=-1),
        threadpool_limits(1, user_api="blas"),
    ):
        warnings.simplefilter("ignore", ConvergenceWarning)
        # It takes many classes of few images for numbers to be predicted.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield


def drawn_folds(
    truth: np.ndarray, groups: Sequence[str], seed: int
) -> tuple[np.ndarray, list[Fold]]:
    """The rows that a search looks at, and the folds of those.

    `SEARCHED` of them, and one more of each class that has none among those: of two classes, one of
    which is rare, the other alone could not be learnt.
    """
    order = np.random.default_rng(seed).permutation(len(truth))
    rows, rest = order[:SEARCHED], order[SEARCHED:]
    others, firsts = np.unique(truth[rest], return_index=True)
    rows = np.concatenate([rows, rest[firsts[~np.isin(others, truth[rows])]]])
    return rows, make_folds(truth[rows], [groups[row] for row in rows], seed)


def make_folds(truth: np.ndarray, groups: Sequence[str], seed: int) -> list[Fold]:
    """Up to `FOLDS` pairs of row numbers, to learn from and to judge by.

    They are stratified by `truth`, `(images,)` class numbers. Images of one group (duplicates; an
    empty name is no group) stay on one side. Every class is in each part that is learnt from: one
    that is too small to be divided is never judged by. Where no class can be divided, the one
    fold learns from all and is judged by all.
    """
    everything, numbers = np.arange(len(truth)), _group_numbers(groups)
    folds = []
    for learn, judge in _stratified(truth, numbers, seed):
        lost = ~np.isin(truth[judge], truth[learn])
        lost = np.isin(numbers[judge], numbers[judge[lost]])  # with the others of their groups
        learn, judge = np.concatenate([learn, judge[lost]]), judge[~lost]
        if len(judge):
            folds.append((learn, judge))
    return folds or [(everything, everything)]


def _stratified(truth: np.ndarray, groups: np.ndarray, seed: int) -> list[Fold]:
    _, firsts, members, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    count = min(FOLDS, int(np.bincount(truth).max()), len(firsts))
    if count < 2:
        return []
    with warnings.catch_warnings():
        # It warns of classes with fewer images than folds; they are looked after above.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        if sizes.max() <= SMALL and np.bincount(truth[firsts]).max() >= count:
            # By their first images: a loop over groups, in Python, would take 0.15 s of 2,312.
            drawn = StratifiedKFold(count, shuffle=True, random_state=seed)
            image_sizes = [
                np.isin(members, judge) for _, judge in drawn.split(firsts, truth[firsts])
            ]
            return [
                (np.flatnonzero(~image_size), np.flatnonzero(image_size))
                for image_size in image_sizes
            ]
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(truth, truth, groups))


def _group_numbers(groups: Sequence[str]) -> np.ndarray:
    """A number an image, equal for those of one group; an image without a group is alone."""
    names = [(name or None, None if name else row) for row, name in enumerate(groups)]
    numbers: dict[tuple[str | None, int | None], int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
