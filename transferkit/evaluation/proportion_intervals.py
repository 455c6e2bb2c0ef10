"""Confidence intervals of a share of images, alone or in groups."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta, norm

from transferkit.evaluation.intervals import (
    NORMAL,
    Interval,
    effective_images,
    student_quantile,
    wilson,
)


def proportion_interval(units: np.ndarray, right: np.ndarray, *, effect: float = 1.0) -> Interval:
    """Return Wilson's interval of the share of `right` `(images,)` bool, as for the accuracy.

    Of `units` `(images,)` that are groups, no more images count than by a design `effect` known
    from elsewhere: how many times as much the share varies as if all images were alone.
    """
    worth, count = effective_images(right, units), int(units.max()) + 1
    alone = count == len(right)
    worth = worth if alone else min(worth, len(right) / effect)
    quantile = NORMAL if alone else student_quantile(count)
    return wilson(worth * float(right.mean()), worth, quantile=quantile)


def exact_proportion_interval(
    units: np.ndarray, right: np.ndarray, *, level: float, effect: float = 1.0
) -> Interval:
    """Return the exact (conservative) interval of the share of `right` `(images,)` bool.

    Clopper's and Pearson's (1934), by group of as many images as would tell it as well (Korn and
    Graubard, 1998): in the far tails, Wilson's holds it less often than it is to.
    """
    share, worth, count = float(right.mean()), effective_images(right, units), int(units.max()) + 1
    if count == 1:
        return Interval(0.0, 1.0)
    if count < len(right):
        normal = float(norm.ppf((1 + level) / 2))
        worth = min(worth, len(right) / effect) * (normal / student_quantile(count, level)) ** 2
    hits, tail = share * worth, (1 - level) / 2
    low = beta.ppf(tail, hits, worth - hits + 1) if share > 0 else 0.0
    high = beta.isf(tail, hits + 1, worth - hits) if share < 1 else 1.0
    return Interval(float(low), float(high))
