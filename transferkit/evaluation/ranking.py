"""Which classifier to choose at which cost: those that nothing cheaper equals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def pareto(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """The numbers of those that none is more accurate than at no higher cost, the cheapest first.

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
    """The numbers of those to choose as the budget grows, the cheapest first.

    They are on the front of `pareto`, and each is clearly better than the one before: what chance
    may have put ahead is not worth its price.
    """
    chosen: list[int] = []
    for number in pareto(costs, accuracies):
        if not chosen or clearly_better(number, chosen[-1]):
            chosen.append(number)
    return chosen
