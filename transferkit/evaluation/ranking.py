"""Ranking of classifiers, and the Pareto front of accuracy and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from transferkit.evaluation.headline import HeadlineMetric
from transferkit.evaluation.intervals import Interval
from transferkit.evaluation.results import Result, is_correct


def pareto(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Return the indices on the Pareto front of accuracy and cost, the cheapest first.

    Of equals in both, the first. Costs are of any one unit; those that are not known (NaN) are
    left out.
    """
    cost, accuracy = np.asarray(costs, float), np.asarray(accuracies, float)
    order = np.lexsort((np.arange(len(cost)), -accuracy, cost))
    front: list[int] = []
    for number in order[np.isfinite(cost[order])]:
        if not front or accuracy[number] > accuracy[front[-1]]:
            front.append(int(number))
    return front


def choices_by_cost(
    costs: Sequence[float],
    accuracies: Sequence[float],
    clearly_better: Callable[[int, int], bool],
) -> list[int]:
    """Return the indices to choose as the budget grows, the cheapest first.

    They are on the front of `pareto`, and each is clearly better than the one before: what chance
    may have put ahead is not worth its price.
    """
    chosen: list[int] = []
    for number in pareto(costs, accuracies):
        if not chosen or clearly_better(number, chosen[-1]):
            chosen.append(number)
    return chosen


def beats_constant(within: Interval, headline: HeadlineMetric) -> bool:
    """Return whether the interval of the metric is above that of a constant prediction."""
    return within.low > headline.constant


def rank_results(results: Sequence[Result], labels: np.ndarray) -> list[Result]:
    """Return the results by their `HeadlineMetric`, the best first; of equals the cheaper first.

    One that gives every image the same class is left out where there are others.
    """
    learned = [result for result in results if len(np.unique(result.predicted)) > 1] or results
    value = HeadlineMetric.of(labels).value
    return sorted(
        learned, key=lambda result: (-value(is_correct(result, labels)), result.fit_seconds)
    )


def main_result(ranked: Sequence[Result]) -> Result:
    """Return the best network, or the best of all if there is none."""
    return next((result for result in ranked if result.kind == "network"), ranked[0])


def competitor(ranked: Sequence[Result]) -> Result:
    """Return what the best is compared with: the best of the other kind, or the next best."""
    others = [result for result in ranked if result.kind != ranked[0].kind]
    return (others or ranked[1:])[0]
