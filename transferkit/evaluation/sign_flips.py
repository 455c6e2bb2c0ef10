"""Sign-flip tests of a paired difference: under the null hypothesis, each sign is random."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from transferkit.evaluation.bootstrap import DRAWS, random_signs

TOLERANCE = 1e-9  # of the observed sum: sums of fractions that differ by less are equal


def exact_sign_flip(differences: np.ndarray) -> float:
    """Return the two-sided p-value of the sum of `differences` `(units,)`, integers.

    If two classifiers are equally good, the sign of the difference of each unit, an image or a
    group, is random (Fisher, 1935, The Design of Experiments, section 21). The p-value is the share
    of all sign combinations whose sum is at least as far from 0 as the observed one; they are
    counted, not sampled. If every difference is 1 or -1, this is McNemar's exact test.
    """
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    chances = np.ones(1)  # of each sum of the differences that count as positive
    for size, count in zip(sizes.astype(int), counts, strict=True):
        positive = np.zeros(size * count + 1)
        positive[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = _convolved(chances, positive)
    total = len(chances) - 1
    seen = round(abs(float(differences.sum())))
    away = np.abs(2 * np.arange(total + 1) - total) >= seen
    return float(min(max(chances[away].sum(), 0.0), 1.0))


def monte_carlo_sign_flip(
    differences: np.ndarray, *, draws: int = DRAWS, seed: int = 0
) -> list[float]:
    """Return the two-sided p-values of the sums of `differences` `(units, pairs)`, real numbers.

    Sign combinations are sampled, and the observed one is counted too: no p-value is 0, and the
    test keeps its level for any number of draws (Phipson and Smyth, 2010,
    doi:10.2202/1544-6115.1585).
    """
    seen = np.abs(differences.sum(axis=0)) * (1 - TOLERANCE)
    as_far = np.ones(differences.shape[1])
    for signs in random_signs(len(differences), draws=draws, seed=seed):
        as_far += (np.abs(signs @ differences) >= seen).sum(axis=0)
    return [float(p_value) for p_value in as_far / (draws + 1)]


def _convolved(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    from scipy.signal import convolve  # half a second, for those who have groups

    return np.asarray(convolve(first, second))
