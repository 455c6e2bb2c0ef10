"""Paired significance tests of classifiers on the same test images."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binom, binomtest

from transferkit.evaluation.bootstrap import DRAWS, resampled_counts, sums_by_unit, units_of
from transferkit.evaluation.intervals import Interval, tails, wilson
from transferkit.evaluation.metrics import check_answers
from transferkit.evaluation.results import Result
from transferkit.evaluation.sign_flips import exact_sign_flip, monte_carlo_sign_flip

LEVEL = 0.05  # a difference with a larger p-value is not called one
EXACT, BY_GROUP = "exact McNemar", "exact sign-flip test by group"
WEIGHTED = "sign-flip test of balanced accuracy"
WEIGHTED_BY_GROUP = "sign-flip test of balanced accuracy by group"
PSEUDO_COUNT = (
    0.5  # discordant images added for each of the two, so that few images do not seem certain
)


@dataclasses.dataclass(frozen=True)
class Difference:
    """The difference of two classifiers on the same images.

    Attributes:
        first: its name.
        second: the name of the other.
        difference: the accuracy (or balanced accuracy) of the first less the second's, -1..1.
        interval: of the difference.
        wins: images that only the first classifies correctly.
        losses: images that only the second classifies correctly.
        p_value: of the null hypothesis that both are equally good.
        adjusted: the p-value, corrected for the number of pairs (Holm, 1979).
        test: name of the test.
    """

    first: str
    second: str
    difference: float
    interval: Interval
    wins: int
    losses: int
    p_value: float
    adjusted: float
    test: str

    def reversed(self) -> Difference:
        """The reversed difference: the second minus the first."""
        return dataclasses.replace(
            self,
            first=self.second,
            second=self.first,
            difference=-self.difference,
            interval=Interval(-self.interval.high, -self.interval.low),
            wins=self.losses,
            losses=self.wins,
        )


def mcnemar(wins: int, losses: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (1947), from the discordant images.

    Equally good classifiers fall below 0.05 in at most 5 of 100 comparisons: in 3 or 4 of them
    where 20 to 200 images differ, in none where 5 do. (doi:10.1007/BF02295996)
    """
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def mcnemar_mid_p(wins: int, losses: int) -> float:
    """Return McNemar's mid-p value: nearer to its level than the exact test, without a guarantee.

    (Fagerland et al., 2013, doi:10.1186/1471-2288-13-91)
    """
    if wins == losses:
        return 1.0
    return mcnemar(wins, losses) - float(binom.pmf(wins, wins + losses, 0.5))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return `p_values` `(tests,)` corrected by Holm's method (1979), in their order.

    Whichever are below a level then, the chance of a single false one among them is below it.
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def paired_p_value(right: np.ndarray, groups: Sequence[str] = ()) -> float:
    """Return the p-value of `pairwise`'s test for two classifiers, from `right` `(images, 2)` bool.

    `groups` `(images,)` name the images that belong together; "" is alone.
    """
    return paired_p_values(right, units_of(len(right), groups), [(0, 1)])[0]


def balancing_weights(labels: np.ndarray) -> np.ndarray:
    """Return weights `(images,)` of mean 1 that turn accuracy into balanced accuracy."""
    counts = np.bincount(labels)
    return np.asarray(len(labels) / (np.count_nonzero(counts) * counts[labels]))


def pairwise(
    labels: np.ndarray,
    answers: Mapping[str, np.ndarray],
    groups: Sequence[str] = (),
    *,
    weights: np.ndarray | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Return the differences of all pairs of `answers`, probabilities `(images, classes)`.

    Images of one of `groups` `(images,)` are not independent, unless the group is "". With groups,
    the test flips the sign of whole groups, over all combinations; if every image is alone, that is
    McNemar's exact test. With groups, McNemar's test would find false differences.

    With `weights` `(images,)`, those of `balancing_weights`, differences are of the balanced
    accuracy, and sign flips are sampled.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    for probabilities in answers.values():
        check_answers(labels, probabilities, probabilities.shape[-1])
    if len(answers) < 2:
        return ()
    right = np.stack([answer.argmax(axis=1) == labels for answer in answers.values()], axis=1)
    units = units_of(len(labels), groups)
    grouped = units.max() + 1 < len(labels)
    pairs = list(itertools.combinations(range(len(answers)), 2))
    resampling: dict[str, Any] = {"weights": weights, "draws": draws, "seed": seed}
    intervals = difference_intervals(right, units, pairs, **resampling)
    p_values = paired_p_values(right, units, pairs, **resampling)
    wins = [int((right[:, one] & ~right[:, other]).sum()) for one, other in pairs]
    losses = [int((right[:, other] & ~right[:, one]).sum()) for one, other in pairs]
    names, shares = list(answers), np.average(right, axis=0, weights=weights)
    exact, sampled = (BY_GROUP, WEIGHTED_BY_GROUP) if grouped else (EXACT, WEIGHTED)
    return tuple(
        Difference(
            first=names[one],
            second=names[other],
            difference=float(shares[one] - shares[other]),
            interval=intervals[pair],
            wins=wins[pair],
            losses=losses[pair],
            p_value=p_values[pair],
            adjusted=float(adjusted),
            test=exact if weights is None else sampled,
        )
        for pair, ((one, other), adjusted) in enumerate(zip(pairs, holm(p_values), strict=True))
    )


def difference_intervals(
    right: np.ndarray,
    units: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    *,
    weights: np.ndarray | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Interval]:
    """Return the paired bootstrap intervals of differences, from `right` `(images, classifiers)`.

    `units` `(images,)` are resampled as a whole. Half a discordant image for each of the two is
    added before resampling, as by Agresti and Min (2005, doi:10.1002/sim.1781), with groups as much
    as a group usually differs: otherwise few discordant images would seem certain. If two
    classifiers never differ, the interval is Wilson's bound on how rarely they do (1927); with one
    unit, it is -1 to 1. `weights` are as in `pairwise`.
    """
    hits, sizes = _sums(units, right, weights)
    count = len(sizes)
    if count == 1:
        return [Interval(-1.0, 1.0)] * len(pairs)
    parts = [
        (part[:, :-2] @ hits, part[:, :-2] @ sizes, part[:, -2:])
        for part in resampled_counts(count + 2, draws=draws, seed=seed)
    ]
    sums, images, pseudo = (np.concatenate(array) for array in zip(*parts, strict=True))
    intervals = []
    for one, other in pairs:
        gaps = hits[:, one] - hits[:, other]
        if not gaps.any():
            rare = wilson(0, min(count, _effective_sample_size(sizes))).high
            intervals.append(Interval(-rare, rare))
            continue
        weight = PSEUDO_COUNT * np.sqrt(np.mean(gaps[gaps != 0] ** 2))
        resampled = (sums[:, one] - sums[:, other] + weight * (pseudo @ [1, -1])) / (
            images + weight * pseudo.sum(axis=1)
        )
        low, high = np.quantile(resampled, tails(count))
        intervals.append(Interval(float(low), float(high)))
    return intervals


def paired_p_values(
    right: np.ndarray,
    units: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    *,
    weights: np.ndarray | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[float]:
    """Return two-sided p-values of `pairs` of `right` `(images, classifiers)`, by sign flips.

    `draws` and `seed` are of those with `weights`, whose exchanges are too many to be counted.
    """
    if weights is None and units.max() + 1 == len(units):
        return [
            mcnemar(int((one & ~other).sum()), int((other & ~one).sum()))
            for one, other in (right[:, pair].T for pair in map(list, pairs))
        ]
    hits, _ = _sums(units, right, weights)
    differences = np.stack([hits[:, one] - hits[:, other] for one, other in pairs], axis=1)
    if weights is None:
        return [exact_sign_flip(column) for column in differences.T]
    return monte_carlo_sign_flip(differences, draws=draws, seed=seed)


def difference_between(
    differences: Sequence[Difference], first: Result, second: Result
) -> Difference:
    """Return the difference of these two, as the first minus the second."""
    pair = (first.name, second.name)
    match = next(
        difference
        for difference in differences
        if {difference.first, difference.second} == set(pair)
    )
    return match if match.first == first.name else match.reversed()


def _sums(
    units: np.ndarray, right: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted correct predictions `(units, classifiers)` and sizes, by unit."""
    if weights is None:
        return sums_by_unit(units, right), np.bincount(units)
    return sums_by_unit(units, right * weights[:, np.newaxis]), np.bincount(units, weights)


def _effective_sample_size(sizes: np.ndarray) -> float:
    """Return the effective number of units of `sizes` (Kish, 1965)."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())
