"""Whether one classifier is better than another: paired tests on the same test images."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binom, binomtest

from transferkit.evidence.intervals import Interval, tails, wilson
from transferkit.evidence.resampling import (
    DRAWS,
    drawn_signs,
    drawn_units,
    sums_by_unit,
    units_of,
)
from transferkit.evidence.scores import check_answers

LEVEL = 0.05  # a difference that chance alone makes more often than this is not called one
EXACT, BY_GROUP = "exact McNemar", "paired bootstrap by group"
IMAGINED = 0.5  # of an image that each alone is right on, so that few images do not seem certain


@dataclasses.dataclass(frozen=True)
class Difference:
    """How two classifiers differ on the same images.

    Attributes:
        first: its name.
        second: the name of the other.
        difference: the accuracy of the first less that of the second, -1..1.
        interval: of the difference.
        wins: images that the first alone is right on.
        losses: images that the second alone is right on.
        p_value: how often equally good ones differ at least so much.
        adjusted: the p-value, as one of all that are made at once (Holm, 1979).
        test: what the p-value is of.
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

    def turned(self) -> Difference:
        """The same, as that of the second less the first."""
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
    """The two-sided p-value of the exact test of McNemar (1947), of images that differ alone.

    Equally good classifiers fall below 0.05 in at most 5 of 100 comparisons: in 3 or 4 of them
    where 20 to 200 images differ, in none where 5 do. (doi:10.1007/BF02295996)
    """
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def mcnemar_mid_p(wins: int, losses: int) -> float:
    """The same test, with half the chance of what was seen: nearer to 5 of 100, without a promise.

    (Fagerland et al., 2013, doi:10.1186/1471-2288-13-91)
    """
    if wins == losses:
        return 1.0
    return mcnemar(wins, losses) - float(binom.pmf(wins, wins + losses, 0.5))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """`p_values` `(tests,)`, each as one of all of them, in their order (Holm, 1979).

    Whichever are below a level then, the chance of a single false one among them is below it.
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def chance_of(right: np.ndarray, groups: Sequence[str] = ()) -> float:
    """The p-value of the difference of two, from `right` `(images, 2)` bool, by `pairwise`'s test.

    `groups` `(images,)` name the images that belong together; "" is alone.
    """
    units = units_of(len(right), groups)
    if units.max() + 1 < len(right):
        return by_group(right, units, [(0, 1)])[0]
    first, second = right.T
    return mcnemar(int((first & ~second).sum()), int((second & ~first).sum()))


def pairwise(
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    groups: Sequence[str] = (),
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """The difference of each two of `answers`, in their order: probabilities `(images, classes)`.

    Images of one of `groups` `(images,)` are not independent of one another, unless that is "".
    Where there are such, the test is a wild bootstrap, by group, of two that are equally good
    (Cameron, Gelbach and Miller, 2008, doi:10.1162/rest.90.3.414): what a group says for the one
    or the other, it might as well have said against it. McNemar's test would find differences
    there that are none.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    for probabilities in answers.values():
        check_answers(truth, probabilities, probabilities.shape[-1])
    if len(answers) < 2:
        return ()
    right = np.stack([each.argmax(axis=1) == truth for each in answers.values()], axis=1)
    units = units_of(len(truth), groups)
    pairs = list(itertools.combinations(range(len(answers)), 2))
    intervals = difference_intervals(right, units, pairs, draws=draws, seed=seed)
    wins = [int((right[:, one] & ~right[:, other]).sum()) for one, other in pairs]
    losses = [int((right[:, other] & ~right[:, one]).sum()) for one, other in pairs]
    if units.max() + 1 == len(truth):
        test, p_values = EXACT, [mcnemar(*each) for each in zip(wins, losses, strict=True)]
    else:
        test, p_values = BY_GROUP, by_group(right, units, pairs, draws=draws, seed=seed)
    names, shares = list(answers), right.mean(axis=0)
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
            test=test,
        )
        for pair, ((one, other), adjusted) in enumerate(zip(pairs, holm(p_values), strict=True))
    )


def difference_intervals(
    right: np.ndarray,
    units: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Interval]:
    """The paired bootstrap of the accuracies' differences, from `right` `(images, classifiers)`.

    `units` `(images,)` are drawn together. To what is drawn from, half an image that each of the
    two alone is right on is added, as Agresti and Min do (2005, doi:10.1002/sim.1781), by group
    as much as a group usually differs: without it, few images that differ seem certain of it. Of
    two that differ nowhere, all that is known is how rare it is that they do (Wilson, 1927); of
    one unit alone, nothing.
    """
    hits, sizes = sums_by_unit(units, right), np.bincount(units)
    count = len(sizes)
    if count == 1:
        return [Interval(-1.0, 1.0)] * len(pairs)
    parts = [
        (part[:, :-2] @ hits, part[:, :-2] @ sizes, part[:, -2:])
        for part in drawn_units(count + 2, draws=draws, seed=seed)
    ]
    sums, images, imagined = (np.concatenate(each) for each in zip(*parts, strict=True))
    found = []
    for one, other in pairs:
        away = hits[:, one] - hits[:, other]
        if not away.any():
            rare = wilson(0, count).high
            found.append(Interval(-rare, rare))
            continue
        weight = IMAGINED * np.sqrt(np.mean(away[away != 0] ** 2))
        drawn = (sums[:, one] - sums[:, other] + weight * (imagined @ [1, -1])) / (
            images + weight * imagined.sum(axis=1)
        )
        low, high = np.quantile(drawn, tails(count))
        found.append(Interval(float(low), float(high)))
    return found


def by_group(
    right: np.ndarray,
    units: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[float]:
    """The two-sided p-values, by signs drawn for the units; what was seen counts by half.

    What was seen is one of the draws, so that none is 0.
    """
    hits = sums_by_unit(units, right)
    parts = [part @ hits for part in drawn_signs(len(hits), draws=draws, seed=seed)]
    sums = np.concatenate(parts)
    found = []
    for one, other in pairs:
        drawn = sums[:, one] - sums[:, other]
        seen = abs(float((hits[:, one] - hits[:, other]).sum()))
        chance = ((drawn > seen).sum() + ((drawn == seen).sum() + 1) / 2) / (draws + 1)
        found.append(min(2 * float(chance), 1.0))
    return found
