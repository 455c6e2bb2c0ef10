"""A power law through the errors at several training sizes (Cortes, 1993)."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.stats import t as student

from transferkit.evaluation.bootstrap import DRAWS
from transferkit.evaluation.intervals import LEVEL, Interval

EXPONENTS = np.linspace(0.05, 2, 391)  # slower cannot be told from a floor, faster is not seen
EQUAL = 1e-15  # of the squares that are left
TOGETHER = 1e-12  # relative difference of sizes below which there is no slope to fit
MIN_FREEDOM = 4  # degrees of freedom of a standard deviation, if there are as many
USUAL_EXPONENT = 0.5  # the exponent if several fit the errors equally well, as for two sizes


@dataclasses.dataclass(frozen=True)
class PowerLaw:
    """Power law of the error: `floor + scale * images ** -exponent`.

    Attributes:
        floor: the error that no number of images removes, share 0..1.
        scale: the rest of the error at one image; 0 if more images do not help.
        exponent: of the decrease, 0.05..2.
    """

    floor: float
    scale: float
    exponent: float

    def error(self, images: np.ndarray | float) -> np.ndarray:
        """The predicted error at `images`, an array of any shape or a number."""
        return self.floor + self.scale * np.asarray(images, float) ** -self.exponent


@dataclasses.dataclass(frozen=True)
class Gain:
    """Gain in accuracy from twice the training images.

    Attributes:
        gain: in accuracy, share 0..1.
        interval: of the gain, as far as the draws differ.
    """

    gain: float
    interval: Interval


def fit_power_law(images: np.ndarray, errors: np.ndarray) -> PowerLaw:
    """Return the least-squares law through `errors` `(sizes,)`, 0..1, at `images` `(sizes,)`.

    Neither floor nor scale is below 0. The exponent is found to within 0.005; the other two are
    exact for it. (Cortes et al., 1993, "Learning curves", NIPS 6.)
    """
    floors, scales, exponents = _laws(images, np.asarray(errors, float)[None])
    return PowerLaw(float(floors[0]), float(scales[0]), float(exponents[0]))


def doubling(
    images_per_class: np.ndarray, errors: np.ndarray, *, draws: int = DRAWS, seed: int = 0
) -> Gain:
    """Return the gain from twice the largest of `images_per_class` `(sizes,)`, by the law.

    `errors` `(draws, sizes)` are shares 0..1, NaN where a size has fewer draws. The interval is
    Student's, of the law fitted `draws` times to means that are as uncertain as those found; draws
    that say nothing of it, one of each size, leave all that can be gained: from 0 to the error
    that is left.
    """
    sizes, errors = np.asarray(images_per_class, float), np.asarray(errors, float)
    means = np.nanmean(errors, axis=0)
    gain = float(_gains(sizes, means[None])[0])
    most = max(float(means[-1]), gain)
    deviations, each_freedom = deviations_of_means(errors - means)
    freedom = int(each_freedom.min())
    if freedom == 0:
        return Gain(gain, Interval(0.0, most))
    chance = np.random.default_rng(seed).normal(size=(draws, len(sizes))) * deviations
    half = float(student.ppf((1 + LEVEL) / 2, freedom) * _gains(sizes, means + chance).std())
    return Gain(gain, Interval(max(gain - half, 0.0), min(gain + half, most)))


def deviations_of_means(residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standard errors of the means of `(draws, sizes)`, and degrees of freedom.

    A size with few draws is taken to vary as it and the next smaller ones, which vary more, do
    together: from two draws alone, or from none, intervals of 95 % hold the truth in 81 %.
    """
    number = np.isfinite(residuals).sum(axis=0)
    squares, free = np.nansum(residuals**2, axis=0), number - 1
    deviations, freedom = np.zeros(len(number)), np.zeros(len(number), int)
    for index, draws in enumerate(number):
        first, end = index, index + 1
        while first > 0 and free[first:end].sum() < MIN_FREEDOM:
            first -= 1
        while end < len(free) and free[first:end].sum() < MIN_FREEDOM:
            end += 1
        freedom[index] = free[first:end].sum()
        deviations[index] = np.sqrt(squares[first:end].sum() / max(freedom[index], 1) / draws)
    return deviations, freedom


def _gains(sizes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return the decrease of the error from the largest size to its double, `(curves,)`."""
    _, scales, exponents = _laws(sizes, errors)
    return np.asarray(scales * sizes.max() ** -exponents * (1 - 2.0**-exponents))


def _laws(images: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return floors, scales and exponents, `(curves,)` each, through `errors` `(curves, sizes)`.

    Given the exponent, the law is a line that neither rises nor begins below 0: its best is the
    free line's, or that on one of the bounds.
    """
    best = np.full(len(errors), np.inf)
    laws = np.zeros((3, len(errors)))
    mean = errors.mean(axis=1)
    for exponent in sorted(EXPONENTS, key=lambda exponent: abs(exponent - USUAL_EXPONENT)):
        fall = np.asarray(images, float) ** -exponent
        centred = fall - fall.mean()
        slope = (errors @ centred) / max(centred @ centred, TOGETHER * (fall @ fall))
        floor = mean - slope * fall.mean()
        through = np.maximum(errors @ fall / (fall @ fall), 0)
        slope = np.where(floor < 0, through, np.maximum(slope, 0))
        floor = np.where(floor < 0, 0, mean - slope * fall.mean())
        left = ((floor[:, None] + slope[:, None] * fall - errors) ** 2).sum(axis=1)
        better = left < best - EQUAL
        best = np.where(better, left, best)
        laws = np.where(better, [floor, slope, np.full(len(errors), exponent)], laws)
    return laws[0], laws[1], laws[2]
