"""Scores on slices of the test images, such as one camera or one hospital."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from transferkit.errors import DataError
from transferkit.evaluation.bootstrap import units_of
from transferkit.evaluation.intervals import LEVEL, Interval
from transferkit.evaluation.metrics import check_answers
from transferkit.evaluation.proportion_intervals import (
    exact_proportion_interval,
    proportion_interval,
)


@dataclasses.dataclass(frozen=True)
class Slice:
    """Scores on the images of one slice.

    Attributes:
        name: of the slice.
        images: how many it has.
        accuracy: share of them whose likeliest class is the true one.
        interval: of the accuracy (Wilson, 1927): wide where the images are few.
        adjusted: the interval, as one of all slices': these hold at once as often as one alone
            (Bonferroni, of exact intervals), so that the worst of many may be looked at.
        below: how far the accuracy is below that of all other images, adjusted likewise; None where
            there are no others.
    """

    name: str
    images: int
    accuracy: float
    interval: Interval
    adjusted: Interval
    below: Interval | None

    @property
    def is_below(self) -> bool:
        """Whether it is significantly below the others."""
        return self.below is not None and self.below.low > 0


def slice_scores(
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    groups: Sequence[str] = (),
) -> list[Slice]:
    """Return the slices by accuracy, the worst first; `names` `(images,)` are their names.

    Of equally accurate ones, the larger first, then by name. Images of one of `groups` `(images,)`
    are not independent of one another, unless that is "".

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    check_answers(labels, probabilities, probabilities.shape[-1])
    if len(names) != len(labels):
        raise DataError(
            f"The images are {len(labels)} and the names of their slices {len(names)}: "
            "there should be one for each."
        )
    right = probabilities.argmax(axis=1) == labels
    known, indices = np.unique(np.asarray(names, str), return_inverse=True)
    units = units_of(len(labels), groups)
    effect, level = _design_effect(right, indices, units), 1 - (1 - LEVEL) / len(known)
    slices = []
    for number, name in enumerate(known):
        (own, around), (others, within) = (
            _share(right[rows], units[rows], level=level, effect=effect)
            for rows in (indices == number, indices != number)
        )
        below = _difference((others, within), (own, around)) if len(known) > 1 else None
        rows = indices == number
        slices.append(
            Slice(
                name=str(name),
                images=int(rows.sum()),
                accuracy=own,
                interval=proportion_interval(_numbered(units[rows]), right[rows], effect=effect),
                adjusted=around,
                below=below,
            )
        )
    return sorted(slices, key=lambda part: (part.accuracy, -part.images, part.name))


def _design_effect(right: np.ndarray, indices: np.ndarray, units: np.ndarray) -> float:
    """Return the design effect of `units` on the variance of a share; at least 1.

    Of all slices together: few groups of one slice often seem to vary less than they do.
    """
    away = right - (np.bincount(indices, right) / np.bincount(indices))[indices]
    squares = float(away @ away)
    sums = np.bincount(units, away)
    return max(float(sums @ sums) / squares, 1.0) if squares > 0 else 1.0


def _share(
    right: np.ndarray, units: np.ndarray, *, level: float, effect: float
) -> tuple[float, Interval]:
    """Return the share of `right` and its interval; without images, NaN."""
    if not len(right):
        return math.nan, Interval(0.0, 1.0)
    interval = exact_proportion_interval(_numbered(units), right, level=level, effect=effect)
    return float(right.mean()), interval


def _numbered(units: np.ndarray) -> np.ndarray:
    """Return `units` of some of the images, renumbered from 0."""
    return np.unique(units, return_inverse=True)[1]


def _difference(first: tuple[float, Interval], second: tuple[float, Interval]) -> Interval:
    """Return the interval of the difference of two independent shares (Newcombe, 1998).

    (Newcombe, 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I)
    """
    (one, within), (other, around) = first, second
    low = math.hypot(one - within.low, around.high - other)
    high = math.hypot(within.high - one, other - around.low)
    return Interval(one - other - low, one - other + high)
