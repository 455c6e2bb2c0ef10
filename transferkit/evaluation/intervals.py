"""Confidence intervals of scores, over test images that could have been sampled."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import norm
from scipy.stats import t as student

from transferkit.evaluation.bootstrap import DRAWS, resampled_counts, units_of
from transferkit.evaluation.metrics import FLOOR, check_answers

LEVEL = 0.95  # how often an interval is to hold the score on all images that there could be
NORMAL = float(norm.ppf((1 + LEVEL) / 2))
MAX_EQUAL_SPREAD = 1e-3  # nats: losses within the last digit that is reported are all the same
MIN_RELATIVE_ERROR = 1e-6  # of the standard error: with less, t has no bound


@dataclasses.dataclass(frozen=True)
class Interval:
    """A confidence interval, `low` to `high`."""

    low: float
    high: float

    @property
    def in_percent(self) -> str:
        """The interval in per cent: `-1.4 to 2.4`; no end is `-0.0`."""
        low, high = (round(end * 100, 1) + 0.0 for end in (self.low, self.high))
        return f"{low:.1f} to {high:.1f}"


def score_intervals(
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    groups: Sequence[str] = (),
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return the intervals of accuracy, balanced_accuracy, macro_f1 and log_loss, by these names.

    Images of one of `groups` `(images,)` are not independent of one another, unless that is "".

    Shares have Wilson's interval: for the accuracy, with the number of images; for the others, and
    with groups, with the effective number of images, from the bootstrap variance. The bootstrap
    also corrects the bias of the macro F1 with few images; its percentiles alone cover the true
    value in 82 of 100 tests of five images per class. The variance of rare classes is
    underestimated, so the effective number is at most that of equally hard classes.

    The log loss has the bootstrap-t interval (Efron, 1982), as its rare large values need, and is
    bounded by Wilson's: no loss between 0 and the largest varies more than a share does. If all
    losses are equal, the bootstrap has no variance, and the bounds follow from Wilson's bound on
    unseen events and the lowest and highest possible loss. With a single unit, the intervals are as
    wide as possible.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    check_answers(labels, probabilities, len(classes))
    units = units_of(len(labels), groups)
    predicted, number = probabilities.argmax(axis=1), len(classes)
    right, costs = predicted == labels, _costs(probabilities)
    losses = costs[np.arange(len(labels)), labels]
    # About their mean: where all are equal, what is left of their squares would be rounding.
    paid = _moments(units, losses - losses.mean())
    counts = _counts_by_unit(units, labels, predicted, number)
    means, sums = [], []
    for part in resampled_counts(len(paid), draws=draws, seed=seed):
        means.append(_class_means(part @ counts))
        sums.append(part @ paid)
    resampled = np.concatenate(means)
    recall, f1 = _class_means(np.asarray(counts.sum(axis=0))[None])[0].tolist()
    support = np.bincount(labels, minlength=number)
    worth = effective_images(right, units)
    alike = worth / len(labels) * _harmonic(support[support > 0])
    quantile = NORMAL if len(paid) == len(labels) else student_quantile(len(paid))
    return {
        "accuracy": wilson(worth * right.mean(), worth, quantile=quantile),
        "balanced_accuracy": _mean_interval(
            recall, resampled[:, 0], alike, quantile=quantile, biased=False
        ),
        "macro_f1": _mean_interval(f1, resampled[:, 1], alike, quantile=quantile, biased=True),
        "log_loss": _loss_interval(float(losses.mean()), paid, np.concatenate(sums), costs=costs),
    }


def wilson(right: float, images: float, *, quantile: float = NORMAL) -> Interval:
    """Return the interval of a share, `right` of `images` (Wilson, 1927).

    It stays within 0..1 and has a width even where all or none were right.
    (doi:10.1080/01621459.1927.10502953)
    """
    if math.isinf(quantile):
        return Interval(0.0, 1.0)
    share, square = right / images, quantile**2
    centre = share + square / (2 * images)
    spread = max(share * (1 - share), 0.0) / images + square / (4 * images**2)
    low, high = (
        (centre + image_size * quantile * math.sqrt(spread)) / (1 + square / images)
        for image_size in (-1, 1)
    )
    return Interval(float(low) if share > 0 else 0.0, float(high) if share < 1 else 1.0)


def tails(units: int) -> tuple[float, float]:
    """Return the quantiles of the draws that are as wide as Student's t would have them.

    Draws of few units vary too little (Hesterberg, 2015, doi:10.1080/00031305.2015.1089789).
    """
    tail = float(norm.cdf(-math.sqrt(units / (units - 1)) * student_quantile(units)))
    return tail, 1 - tail


def student_quantile(units: int, level: float = LEVEL) -> float:
    """Return Student's quantile for an interval of `level` from so many units; infinite for one."""
    return float(student.ppf((1 + level) / 2, units - 1)) if units > 1 else math.inf


def _counts_by_unit(
    units: np.ndarray, labels: np.ndarray, predicted: np.ndarray, classes: int
) -> csr_array:
    """Return `(units, 3 classes)`: true, predicted and correctly predicted images of each class."""
    both = np.flatnonzero(predicted == labels)
    rows = np.concatenate([units, units, units[both]])
    columns = np.concatenate([labels, classes + predicted, 2 * classes + labels[both]])
    return csr_array((np.ones(len(rows)), (rows, columns)), (int(units.max()) + 1, 3 * classes))


def _class_means(counts: np.ndarray) -> np.ndarray:
    """Return `(draws, 2)`, mean recall and F1 over the classes, from `(draws, 3 classes)`."""
    of_class, as_class, both = np.split(counts, 3, axis=1)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN: no image, and left out of the mean
        recall, f1 = both / of_class, 2 * both / (of_class + as_class)
    return np.stack([np.nanmean(recall, axis=1), np.nanmean(f1, axis=1)], axis=1)


def effective_images(right: np.ndarray, units: np.ndarray) -> float:
    """Return the effective number of independent images; at most the actual number."""
    sizes, images = np.bincount(units), len(units)
    count = len(sizes)
    share = float(right.mean())
    if count == images:
        return float(images)
    if share in (0, 1) or count == 1:
        return float(count)  # nothing tells how alike a group's images are: as if entirely
    away = np.bincount(units, right) - share * sizes
    variance = float(away @ away) / images**2 * count / (count - 1)
    return min(share * (1 - share) / variance, images) if variance > 0 else float(images)


def _harmonic(support: np.ndarray) -> float:
    """Return the number of images whose share varies as the mean of the class shares does."""
    return float(len(support) ** 2 / (1 / support).sum())


def _mean_interval(
    own: float, resampled: np.ndarray, most: float, *, quantile: float, biased: bool
) -> Interval:
    """Return Wilson's interval of a mean over classes, at the effective number of images."""
    centre, images, variance = own, most, float(resampled.var())
    if 0 < own < 1 and variance > 0:
        images = min(own * (1 - own) / variance, most)
        centre -= float(resampled.mean()) - own if biased else 0.0
    interval = wilson(min(max(centre, 0.0), 1.0) * images, images, quantile=quantile)
    return Interval(min(interval.low, own), max(interval.high, own))


def _costs(probabilities: np.ndarray) -> np.ndarray:
    """Return `(images, classes)` nats: the log loss of each image, were it of that class."""
    clipped = np.clip(probabilities.astype(np.float64), FLOOR, 1)
    return np.asarray(-np.log(clipped / clipped.sum(axis=1, keepdims=True)))


def _moments(units: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Return `(units, 5)`: losses, images, and their squares and product, for the variance."""
    loss, images = np.bincount(units, losses), np.bincount(units)
    return np.stack([loss, images, loss**2, loss * images, images**2], axis=1)


def _loss_interval(
    mean: float, paid: np.ndarray, resampled: np.ndarray, *, costs: np.ndarray
) -> Interval:
    """Return the interval of the log loss `mean`, from the moments of units and draws."""
    units = len(paid)
    if units == 1 or np.ptp(paid[:, 0] / paid[:, 1]) <= MAX_EQUAL_SPREAD:
        rare = wilson(0, units).high if units > 1 else 1.0
        best, worst = float(costs.min(axis=1).mean()), float(costs.max(axis=1).mean())
        return Interval(mean - rare * (mean - best), mean + rare * (worst - mean))
    _, (error,) = _mean_and_error(paid.sum(axis=0)[None], units)
    away, errors = _mean_and_error(resampled, units)
    away /= np.maximum(errors, MIN_RELATIVE_ERROR * error)
    below, above = np.quantile(away, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    bound = _loss_bound(mean, paid, largest=max(-math.log(FLOOR), float(costs.max())))
    low, high = max(mean - above * error, bound.low), min(mean - below * error, bound.high)
    return Interval(float(min(low, mean)), float(max(high, mean)))


def _loss_bound(mean: float, paid: np.ndarray, *, largest: float) -> Interval:
    """Wilson's interval of losses that are all 0 or the `largest`: none of this mean vary more.

    The images of a group count as if they all cost the same.
    """
    images, squares = paid[:, [1, 4]].sum(axis=0)
    alone = images**2 / squares  # so many units of one size tell as much (Kish, 1965)
    quantile = NORMAL if squares == images else student_quantile(len(paid))
    interval = wilson(mean / largest * alone, alone, quantile=quantile)
    return Interval(interval.low * largest, interval.high * largest)


def _mean_and_error(moments: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean loss and its standard error, `(draws,)` each, from `(draws, 5)` moments."""
    loss, images, squares, product, sizes = moments.T
    mean = loss / images
    squared = squares - 2 * mean * product + mean**2 * sizes
    return mean, np.sqrt(np.maximum(squared, 0) * units / max(units - 1, 1)) / images
