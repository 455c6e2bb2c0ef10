"""The verdict: one sentence on which classifier is worth its cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.evaluation.headline import HeadlineMetric, majority_class
from transferkit.evaluation.intervals import Interval
from transferkit.evaluation.ranking import beats_constant, competitor, rank_results
from transferkit.evaluation.results import Result, is_correct
from transferkit.evaluation.significance import LEVEL, Difference, difference_between
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.html.formatting import chance, counted, listed, percent, points, share_of


def verdict_of(comparison: Comparison) -> str:
    """Return the verdict on `comparison`; where it fails, a sentence on the error."""

    def make() -> str:
        return verdict(
            comparison.results,
            comparison.labels,
            comparison.classes,
            accuracies=comparison.statistics.accuracies,
            differences=comparison.statistics.differences,
        )

    sentence = comparison.faults.attempt("the verdict", make, "")
    return sentence or f"The verdict could not be made: {comparison.faults.of('the verdict')}."


def verdict(
    results: Sequence[Result],
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    accuracies: Sequence[Interval],
    differences: Sequence[Difference],
) -> str:
    """Return the verdict on `results` for `labels` `(images,)` class indices.

    The best network is compared with the best baseline; without one of the two, with the next
    best; a single classifier, against always predicting the most frequent class.
    All is about one measure, the accuracy, or the balanced accuracy where the classes are unequal:
    `accuracies` are the intervals of the results' `HeadlineMetric`, `differences` those between
    each two of them. Something was learned where the whole interval of the best is above what that
    answer is worth.
    """
    headline, images = HeadlineMetric.of(labels), counted(len(labels), "test image")
    ranked = rank_results(results, labels)
    best, share = ranked[0], percent(headline.value(is_correct(ranked[0], labels)))
    within = accuracies[[result.name for result in results].index(best.name)]
    # The score of a constant prediction follows from the test set alone, without chance.
    always = f"always predicting {classes[majority_class(labels)]!r}"
    constant = f"{always} one of {percent(headline.constant)}"
    measure = f"{'a' if headline.is_balanced else 'an'} {headline.name}"
    if not beats_constant(within, headline):
        does = "do" if len(labels) > 1 else "does"
        has = f"has {measure} of {share} on {'them' if len(labels) > 1 else 'it'}"
        return (
            f"{images} {does} not show that anything was learned: the best classifier, "
            f"{best.name}, {has} ({within.in_percent}), and {constant}."
        )
    start = f"{_titled(best, ranked)} has {measure} of {share} on {images}"
    start = start[0].upper() + start[1:]
    if len(ranked) == 1:
        return f"{start} ({within.in_percent}), and {constant}."
    return start + _beside(ranked, labels, differences)


def _beside(ranked: Sequence[Result], labels: np.ndarray, differences: Sequence[Difference]) -> str:
    """Return the comparison of the best with its competitor, as the rest of the sentence."""
    best, other, headline = ranked[0], competitor(ranked), HeadlineMetric.of(labels)
    difference = difference_between(differences, best, other)
    name = f"the next, {other.name}," if other.kind == best.kind else _titled(other, ranked)
    share = percent(headline.value(is_correct(other, labels)))
    start = f" and {name} one of {share}"
    family = f" as one of {len(differences)} pairs" if len(differences) > 1 else ""
    evidence = f"({difference.interval.in_percent}), {chance(difference.adjusted)}{family}"
    if difference.adjusted < LEVEL:
        who = best.name if best.kind == other.kind else f"the {best.kind}"
        by = points(difference.difference)
        start += f": {who} is better by {by} {evidence}"
        who = "it"
    else:
        start += (
            f", which {counted(len(labels), 'image')} cannot tell apart: the difference is "
            f"{points(difference.difference)} {evidence}"
        )
        who = best.name
    cost = _cost(best, other)
    return f"{start}; {who} cost {cost}." if cost else f"{start}."


def _cost(best: Result, other: Result) -> str:
    """Return the cost of `best` beside `other`: `9 times the training time, 30 times the size`."""
    shares = [
        share_of(best.fit_seconds, other.fit_seconds, "training time"),
        share_of(best.megabytes, other.megabytes, "size"),
    ]
    return listed([share for share in shares if share])


def _titled(result: Result, ranked: Sequence[Result]) -> str:
    """`the best baseline, NAME,` where there are several of the kind; else `the baseline NAME`."""
    alone = sum(other.kind == result.kind for other in ranked) == 1
    return (
        f"the {result.kind} {result.name}" if alone else f"the best {result.kind}, {result.name},"
    )
