"""Comparison of two learning curves: at which sizes one classifier is significantly ahead."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from transferkit.evaluation.bootstrap import units_of
from transferkit.evaluation.significance import LEVEL, PSEUDO_COUNT, holm, paired_p_value
from transferkit.learning_curves.power_law import deviations_of_means


@dataclasses.dataclass(frozen=True, eq=False)
class Leads:
    """How far the first of two classifiers is ahead at each size.

    Attributes:
        differences: `(sizes,)` mean accuracy of the first less that of the second, -1..1.
        p_values: `(sizes,)` two-sided; of the smaller sizes adjusted for one another (Holm, 1979).
    """

    differences: np.ndarray
    p_values: np.ndarray

    @property
    def is_level(self) -> bool:
        """Whether the two do not differ significantly at the largest size."""
        return bool(self.p_values[-1] >= LEVEL)

    def ahead(self) -> np.ndarray:
        """The indices of the sizes at which the first is significantly ahead."""
        return np.flatnonzero((self.p_values < LEVEL) & (self.differences > 0))

    def behind(self) -> np.ndarray:
        """The indices of the sizes at which the first is significantly behind."""
        return np.flatnonzero((self.p_values < LEVEL) & (self.differences < 0))


def leads(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], groups: Sequence[str] = ()
) -> Leads:
    """Compare two classifiers that were trained on the same draws of each size, in ascending order.

    `first` and `second` hold, for each size, `(draws, test images)` bool: which were right. Of the
    largest size there is one draw, of all images, and its test is that of a comparison. Of the
    others it is Student's: other draws and other test images would both have given another
    difference. The sizes are looked at only where the largest tells the two apart, so that the
    chance of one false lead or more is at most `LEVEL` for all of them together.
    """
    gaps = [one.astype(float) - other for one, other in zip(first, second, strict=True)]
    units = units_of(gaps[0].shape[1], groups)
    last = np.stack([correct[-1][0] > 0 for correct in (first, second)], axis=1)
    smaller = holm(_student_p_values(gaps[:-1], units)) if len(gaps) > 1 else np.empty(0)
    return Leads(
        differences=np.array([gap.mean() for gap in gaps]),
        p_values=np.append(smaller, paired_p_value(last, groups)),
    )


def _student_p_values(gaps: Sequence[np.ndarray], units: np.ndarray) -> np.ndarray:
    """Return `(sizes,)` p-values of the means of `gaps` `(draws, images)`; 1 for one draw."""
    most = max(map(len, gaps))
    by_draw = np.full((most, len(gaps)), np.nan)
    for column, gap in enumerate(gaps):
        by_draw[: len(gap), column] = gap.mean(axis=1)
    means = np.nanmean(by_draw, axis=0)
    deviations, freedom = deviations_of_means(by_draw - means)
    if not freedom.any():
        return np.ones(len(gaps))
    of_draws = deviations**2
    of_images = np.array([_of_test_images(gap.mean(axis=0), units) for gap in gaps])
    count = max(int(units.max()), 1)
    # Welch (1947) and Satterthwaite (1946): the freedom of a sum of two variances.
    together = (of_draws + of_images) ** 2 / (
        of_draws**2 / np.maximum(freedom, 1) + of_images**2 / count
    )
    away = np.abs(means) / np.sqrt(of_draws + of_images)
    return np.where(freedom > 0, 2 * student.sf(away, together), 1.0)


def _of_test_images(gaps: np.ndarray, units: np.ndarray) -> float:
    """Return the variance of the mean of `gaps` `(images,)` over test sets, by unit.

    Half a discordant image is added for each of the two, as in a comparison:
    few that are all alike do not seem certain.
    """
    sizes, mean = np.bincount(units), gaps.mean()
    away = np.bincount(units, gaps) - mean * sizes
    alike = float(np.sqrt(np.mean(sizes**2))) * PSEUDO_COUNT
    squares = away @ away + 2 * alike**2 * (1 + mean**2)
    return float(squares * len(sizes) / max(len(sizes) - 1, 1) / len(gaps) ** 2)
