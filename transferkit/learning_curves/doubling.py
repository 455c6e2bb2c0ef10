"""The gain from twice the training images, with its interval."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from transferkit.evaluation.bootstrap import resampled
from transferkit.evaluation.intervals import NORMAL, Interval
from transferkit.learning_curves.power_law import Gain, PowerLaw, doubling, fit_power_law

TEST_SETS = 40  # test sets that the law is fitted to anew: enough for a deviation to a tenth


@dataclasses.dataclass(frozen=True, eq=False)
class Correctness:
    """Correctness of the predictions for each test image, by size and draw.

    Attributes:
        sizes: `(sizes,)` training images per class.
        right: for each size `(draws, test images)` bool; there are fewer draws of large sizes.
        groups: `(test images,)` names; images of one are drawn together.
    """

    sizes: np.ndarray
    right: Sequence[np.ndarray]
    groups: Sequence[str]

    @property
    def accuracies(self) -> np.ndarray:
        """`(draws, sizes)` share 0..1; NaN where a size has fewer draws."""
        means = [correct.mean(axis=1) for correct in self.right]
        most = max(map(len, means))
        return np.stack([np.append(mean, [np.nan] * (most - len(mean))) for mean in means], axis=1)

    @property
    def shares(self) -> np.ndarray:
        """`(sizes, test images)` share of the draws in which each was classified correctly."""
        return np.stack([correct.mean(axis=0) for correct in self.right])

    def since(self, least: float) -> Correctness:
        """The same for sizes of at least `least` images per class."""
        chosen = self.sizes >= least
        right = [correct for correct, keep in zip(self.right, chosen, strict=True) if keep]
        return Correctness(self.sizes[chosen], right, self.groups)


def law_of(marks: Correctness) -> PowerLaw:
    """Return the power law through the mean errors."""
    return fit_power_law(marks.sizes, 1 - marks.shares.mean(axis=1))


def gain_of(marks: Correctness, *, seed: int) -> Gain:
    """Return the gain from twice the images; its interval covers draws and the test set.

    That of the draws is the one of `doubling`; that of the test images, which are the same at all
    sizes, comes from fitting the law to test sets redrawn of them. The two are independent.
    """
    by_draws = doubling(marks.sizes, 1 - marks.accuracies, seed=seed)
    if len(marks.accuracies) == 1:
        return by_draws
    times = resampled(marks.shares.shape[1], marks.groups, draws=TEST_SETS, seed=seed)
    errors = 1 - (marks.shares @ times.T) / times.sum(axis=1)
    gains = [_gain(marks.sizes, column) for column in errors.T]
    test, gain, interval = NORMAL * np.std(gains), by_draws.gain, by_draws.interval
    low = gain - math.hypot(gain - interval.low, test)
    high = gain + math.hypot(interval.high - gain, test)
    left = float(1 - marks.shares[-1].mean())
    return Gain(gain, Interval(max(low, 0.0), min(high, max(left, gain))))


def _gain(sizes: np.ndarray, errors: np.ndarray) -> float:
    law = fit_power_law(sizes, errors)
    return float(law.error(sizes[-1]) - law.error(2 * sizes[-1]))
