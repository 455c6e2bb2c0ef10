"""Values of the sections on statistics, which the page and report.md show alike.

Differences, the choice by cost, leaks, calibration, groups and repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from transferkit.evaluation.calibration import apply_temperature, brier, expected_calibration_error
from transferkit.evaluation.ranking import competitor
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import LEVEL, Difference
from transferkit.evaluation.slices import Slice
from transferkit.evaluation.summary import TrainingSummary
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.recommendation import choices_by_budget
from transferkit.report.figures.curves import COLOURS
from transferkit.report.figures.statistics import (
    coverage_figure,
    reliability_diagram,
    slice_figure,
    spread_figure,
)
from transferkit.report.html.formatting import chance, counted, percent, points

MAX_PAIRS = 28  # of eight classifiers; scores.json has them all


class Pair(NamedTuple):
    """One row of the table of differences."""

    better: str
    worse: str
    gap: str
    within: str
    only: str
    """Images that only the better one, and only the worse one, classifies correctly."""
    p_value: str
    adjusted: str
    clear: bool


class Group(NamedTuple):
    """One division of the test images by a column, and the scores of the classifier `name`.

    `worst` is its worst group, in words.
    """

    column: str
    name: str
    worst: str
    figure: Markup


def differences(comparison: Comparison) -> dict[str, Any]:
    """Return the values of the section on pairwise differences."""
    compared = comparison.statistics.differences
    return {
        "pairs": _pairs(comparison)[:MAX_PAIRS],
        "pairs_left": max(0, len(compared) - MAX_PAIRS),
        "test_used": compared[0].test if compared else "",
        "measure": comparison.statistics.headline.name,
    }


def choice(comparison: Comparison) -> dict[str, Any]:
    """Return the values of the section on which classifier to choose."""
    statistics = comparison.statistics
    by_budget = choices_by_budget(
        comparison.results,
        comparison.labels,
        statistics.differences,
        accuracies=statistics.accuracies,
    )
    return {"choices": by_budget, "measure": statistics.headline.name}


def leaks(comparison: Comparison) -> dict[str, Any]:
    """Return the values of the section on test images with copies among the training images."""
    return {
        "leaked": int(comparison.statistics.leaked.sum()),
        "without_leaks": _without_leaks(comparison),
    }


def confidence(comparison: Comparison) -> dict[str, Any]:
    """Return the values of the section on calibration."""
    pair, labels = _pair_of_kinds(comparison), comparison.labels
    return {
        "reliability": Markup(reliability_diagram(pair, labels)),
        "coverage": Markup(coverage_figure(pair, labels)),
        "calibration": calibration(comparison),
    }


def calibration(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return the rows of the calibration table: name, expected calibration error, Brier score."""
    return [row for one in _pair_of_kinds(comparison) for row in _calibrated(one, comparison)]


def _pair_of_kinds(comparison: Comparison) -> list[Result]:
    """Return the most accurate result and its competitor, if there is one."""
    ranked = comparison.ranked
    return [ranked[0], *([competitor(ranked)] if len(ranked) > 1 else [])]


def groups(comparison: Comparison) -> dict[str, Any]:
    """Return the values of the sections on slices, for the most accurate classifier."""
    return {"groups": groups_of(comparison, comparison.ranked[0])}


def _pairs(comparison: Comparison) -> list[Pair]:
    """Return all pairs, those of the most accurate classifier first."""
    rank = {entry["name"]: number for number, entry in enumerate(comparison.entries)}
    pairs = [_pair(difference) for difference in comparison.statistics.differences]
    return sorted(pairs, key=lambda pair: (rank[pair.better], rank[pair.worse]))


def _pair(difference: Difference) -> Pair:
    if difference.difference < 0:
        difference = difference.reversed()
    return Pair(
        difference.first,
        difference.second,
        points(difference.difference),
        difference.interval.in_percent,
        f"{difference.wins} : {difference.losses}",
        chance(difference.p_value).removeprefix("p = ").removeprefix("p "),
        chance(difference.adjusted).removeprefix("p = ").removeprefix("p "),
        difference.adjusted < LEVEL,
    )


def _without_leaks(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return `(name, accuracy on all, accuracy on those without a copy)`, by accuracy."""
    statistics = comparison.statistics
    fair = dict(
        zip([result.name for result in comparison.results], statistics.without_leaks, strict=False)
    )
    return [
        (entry["name"], percent(entry["accuracy"]), percent(fair[entry["name"]]))
        for entry in comparison.entries
        if fair
    ]


def _calibrated(result: Result, comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return the calibration rows of a result, with and without its temperature.

    Before its temperature was fitted, that is; the probabilities of then follow from those of now.
    """
    rows = [(result.name, result.probabilities)]
    # Only what was fitted here, and not the mean of two pictures, can be taken back.
    summary = result.summary
    if isinstance(summary, TrainingSummary) and summary.temperature and not summary.tta:
        temperature = summary.temperature.value
        if temperature != 1:
            before = apply_temperature(result.probabilities, 1 / temperature)
            rows.append((f"{result.name}, before its temperature of {temperature:.2f}", before))
    return [
        (
            name,
            percent(expected_calibration_error(comparison.labels, probabilities)),
            f"{brier(comparison.labels, probabilities):.3f}",
        )
        for name, probabilities in rows
    ]


def repeats(comparison: Comparison) -> dict[str, Any] | None:
    """Return the values of the section on repeats; `spread` is None without any."""
    if comparison.repeats is None:
        return None
    kinds = {result.name: result.kind for result in comparison.results}
    table = comparison.repeats.frame()
    return {
        "spread": comparison.repeats.title,
        "spread_rows": [
            (row["classifier"], *(percent(row[name]) for name in ("mean", "spread", "min", "max")))
            for row in table.to_dict("records")
        ],
        "spread_figure": Markup(spread_figure(comparison.repeats.trials, kinds)),
    }


def groups_of(comparison: Comparison, result: Result) -> list[Group]:
    """Return the slices of `result` by column."""
    index = [other.name for other in comparison.results].index(result.name)
    overall, colour = comparison.scores[index].accuracy, COLOURS[result.kind]
    return [
        Group(column, result.name, _worst(slices[index]), _drawn(slices[index], overall, colour))
        for column, slices in comparison.statistics.slices.items()
    ]


def _worst(slices: Sequence[Slice]) -> str:
    worst = slices[0]
    start = (
        f"{worst.name!r}: accuracy {percent(worst.accuracy)} on its "
        f"{counted(worst.images, 'image')} "
        f"({worst.adjusted.in_percent}, corrected for {len(slices)} groups)"
    )
    if worst.below is None or not worst.is_below:
        return f"{start}, which does not differ significantly from the others"
    return f"{start}, significantly below the others, by {worst.below.in_percent} points"


def _drawn(slices: Sequence[Slice], overall: float, colour: str) -> Markup:
    shares = {part.name: (part.accuracy, part.adjusted.low, part.adjusted.high) for part in slices}
    return Markup(slice_figure(shares, overall, colour))
