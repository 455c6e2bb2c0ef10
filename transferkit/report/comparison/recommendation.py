"""Recommended classifier by budget of time or size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from transferkit.evaluation.headline import HeadlineMetric
from transferkit.evaluation.intervals import Interval
from transferkit.evaluation.ranking import beats_constant, choices_by_cost, rank_results
from transferkit.evaluation.results import Result, is_correct
from transferkit.evaluation.significance import LEVEL, Difference, difference_between
from transferkit.report.html.formatting import amount, duration, percent


class BudgetChoice(NamedTuple):
    """The classifier `name` with the headline metric `accuracy`, for budgets from `start` on."""

    start: str
    name: str
    accuracy: str


class Budget(NamedTuple):
    """A kind of cost: its value for a result, and its format."""

    title: str
    cost: Callable[[Result], float]
    write: Callable[[float], str]


def _milliseconds(value: float) -> str:
    return f"{amount(value)} ms"


def _megabytes(value: float) -> str:
    return f"{amount(value)} MB"


BUDGETS = (
    Budget("training time", lambda result: result.fit_seconds, duration),
    Budget("time an image", lambda result: result.predict_milliseconds, _milliseconds),
    Budget("size on disk", lambda result: result.megabytes, _megabytes),
)


def choices_by_budget(
    results: Sequence[Result],
    labels: np.ndarray,
    differences: Sequence[Difference],
    *,
    accuracies: Sequence[Interval],
) -> dict[str, list[BudgetChoice]]:
    """Return the recommendations by kind of cost, the smallest budget first.

    One that costs more is chosen where it is clearly better than the one before, and any only where
    it is better than a constant answer: `accuracies` are intervals of the `HeadlineMetric`.
    """
    headline = HeadlineMetric.of(labels)
    within = dict(zip([result.name for result in results], accuracies, strict=True))
    able = [
        result
        for result in rank_results(results, labels)
        if beats_constant(within[result.name], headline)
    ]
    values = [headline.value(is_correct(result, labels)) for result in able]

    def clearly_better(one: int, other: int) -> bool:
        return difference_between(differences, able[one], able[other]).adjusted < LEVEL

    return {
        budget.title: [
            BudgetChoice(
                budget.write(budget.cost(able[number])),
                able[number].name,
                percent(values[number]),
            )
            for number in choices_by_cost(
                [budget.cost(result) for result in able], values, clearly_better
            )
        ]
        for budget in BUDGETS
    }
