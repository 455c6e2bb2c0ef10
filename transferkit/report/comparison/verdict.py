"""The verdict: one honest sentence on which classifier is worth its cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.evaluation.headline import HeadlineMetric
from transferkit.evaluation.intervals import Interval
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import LEVEL, Difference
from transferkit.report.html.formatting import chance, counted, listed, percent, points, share_of


def verdict(
    results: Sequence[Result],
    truth: np.ndarray,
    classes: Sequence[str],
    *,
    accuracies: Sequence[Interval],
    differences: Sequence[Difference],
) -> str:
    """One sentence on `results`, of which `truth` `(images,)` holds the class indices.

    The best network is held against the best baseline; without one of the two, against the next
    best; a single classifier, against always answering the class that most test images have.
    All is about one measure, the accuracy, or the balanced accuracy where the classes are unequal:
    `accuracies` are the intervals of the results' `HeadlineMetric`, `differences` those between
    each two of them. Something was learned where the whole interval of the best is above what that
    answer is worth.
    """
    headline, images = HeadlineMetric.of(truth), counted(len(truth), "test image")
    ranked = ranking(results, truth)
    best, share = ranked[0], percent(headline.value(correct(ranked[0], truth)))
    within = accuracies[[each.name for each in results].index(best.name)]
    # What a constant answer is worth lies in how the test set was made: there is no chance in it.
    of = "one of" if headline.is_balanced else "on"
    always = f"always answering {classes[commonest(truth)]!r}"
    constant = f"{always} {of} {percent(headline.constant)}"
    if not is_learned(within, headline):
        does = "do" if len(truth) > 1 else "does"
        has = (
            f"has a balanced accuracy of {share} on them"
            if headline.is_balanced
            else f"is right on {share} of {'them' if len(truth) > 1 else 'it'}"
        )
        return (
            f"{images} {does} not show that anything was learned: the best classifier, "
            f"{best.name}, {has} ({within.in_percent}), and {constant}."
        )
    start = (
        f"{_titled(best, ranked)} has a balanced accuracy of {share} on {images}"
        if headline.is_balanced
        else f"{_titled(best, ranked)} is right on {share} of {images}"
    )
    start = start[0].upper() + start[1:]
    if len(ranked) == 1:
        return f"{start} ({within.in_percent}), and {constant}."
    return start + _beside(ranked, truth, differences)


def is_learned(within: Interval, headline: HeadlineMetric) -> bool:
    """Whether the interval of a classifier's measure is above what a constant answer is worth."""
    return within.low > headline.constant


def ranking(results: Sequence[Result], truth: np.ndarray) -> list[Result]:
    """Results by their `HeadlineMetric`, the best first; the cheaper first where they are equal.

    One that gives every image the same class is left out where there are others.
    """
    learned = [each for each in results if len(np.unique(each.predicted)) > 1] or results
    value = HeadlineMetric.of(truth).value
    return sorted(learned, key=lambda each: (-value(correct(each, truth)), each.fit_seconds))


def most_telling(ranked: Sequence[Result]) -> Result:
    """The best network, or the best of all where there is none."""
    return next((each for each in ranked if each.kind == "network"), ranked[0])


def commonest(truth: np.ndarray) -> int:
    """The class that most test images have."""
    return int(np.bincount(truth).argmax())


def rival(ranked: Sequence[Result]) -> Result:
    """Whom the first of several is held against: the best of the other kind, or the next best."""
    others = [each for each in ranked if each.kind != ranked[0].kind]
    return (others or ranked[1:])[0]


def correct(result: Result, truth: np.ndarray) -> np.ndarray:
    """Whether the likeliest class is the true one, `(images,)` bool."""
    return np.asarray(result.predicted == truth)


def between(differences: Sequence[Difference], first: Result, second: Result) -> Difference:
    """The difference of these two, as that of the first less the second."""
    pair = (first.name, second.name)
    found = next(each for each in differences if {each.first, each.second} == set(pair))
    return found if found.first == first.name else found.turned()


def _beside(ranked: Sequence[Result], truth: np.ndarray, differences: Sequence[Difference]) -> str:
    """How the best does beside its rival, as the rest of the sentence."""
    best, other, headline = ranked[0], rival(ranked), HeadlineMetric.of(truth)
    difference = between(differences, best, other)
    name = f"the next, {other.name}," if other.kind == best.kind else _titled(other, ranked)
    share = percent(headline.value(correct(other, truth)))
    start = f" and {name} {'one of' if headline.is_balanced else 'on'} {share}"
    family = f" as one of {len(differences)} pairs" if len(differences) > 1 else ""
    evidence = f"({difference.interval.in_percent}), {chance(difference.adjusted)}{family}"
    if difference.adjusted < LEVEL:
        who = best.name if best.kind == other.kind else f"the {best.kind}"
        by = points(difference.difference)
        start += f": {who} is better by {by} {evidence}"
        who = "it"
    else:
        start += (
            f", which {counted(len(truth), 'image')} cannot tell apart: the difference is "
            f"{points(difference.difference)} {evidence}"
        )
        who = best.name
    cost = _cost(best, other)
    return f"{start}; {who} cost {cost}." if cost else f"{start}."


def _cost(best: Result, other: Result) -> str:
    """What `best` took beside `other`: `9 times the training time and 30 times the size`."""
    shares = [
        share_of(best.fit_seconds, other.fit_seconds, "training time"),
        share_of(best.megabytes, other.megabytes, "size"),
    ]
    return listed([each for each in shares if each])


def _titled(result: Result, ranked: Sequence[Result]) -> str:
    """`the best baseline, NAME,` where there are several of the kind; else `the baseline NAME`."""
    alone = sum(each.kind == result.kind for each in ranked) == 1
    return (
        f"the {result.kind} {result.name}" if alone else f"the best {result.kind}, {result.name},"
    )
