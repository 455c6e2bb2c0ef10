"""What the page says of how far its numbers can be trusted: differences, leaks, confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from transferkit.evaluation.calibration import apply_temperature, brier, expected_calibration_error
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import LEVEL, Difference
from transferkit.evaluation.slices import Slice
from transferkit.report.comparison.recommendation import choices_by_budget
from transferkit.report.comparison.verdict import ranking, rival
from transferkit.report.figures.curves import COLOURS
from transferkit.report.figures.statistics import (
    coverage_figure,
    reliability_diagram,
    slice_figure,
    spread_figure,
)
from transferkit.report.html.formatting import chance, percent, points
from transferkit.training.temperature_scaling import LOSSES

if TYPE_CHECKING:
    from transferkit.report.comparison.report import Report

MOST_PAIRS = 28  # of eight classifiers; scores.json has them all


class Pair(NamedTuple):
    """One line of the table of differences: the better one, by how much, and how surely."""

    better: str
    worse: str
    gap: str
    within: str
    only: str
    """Images that only the one, and only the other, is right on."""
    p_value: str
    adjusted: str
    clear: bool


class Group(NamedTuple):
    """One division of the test images: by which column, and how the classifier `name` does.

    `worst` is its worst group, in words.
    """

    column: str
    name: str
    worst: str
    figure: Markup


def evidence(report: Report) -> dict[str, Any]:
    """All values of the sections on evidence together."""
    return {
        **differences(report),
        **choice(report),
        **leaks(report),
        **confidence(report),
        **groups(report),
        **repeats(report),
    }


def differences(report: Report) -> dict[str, Any]:
    """Values of the section on the differences between each two."""
    found = report.judgement.differences
    return {
        "pairs": _pairs(report)[:MOST_PAIRS],
        "pairs_left": max(0, len(found) - MOST_PAIRS),
        "test_used": found[0].test if found else "",
        "measure": report.judgement.headline.name,
    }


def choice(report: Report) -> dict[str, Any]:
    """Values of the section on which classifier to choose."""
    judgement = report.judgement
    by_budget = choices_by_budget(
        report.results, report.truth, judgement.differences, accuracies=judgement.accuracies
    )
    return {"choices": by_budget, "measure": judgement.headline.name}


def leaks(report: Report) -> dict[str, Any]:
    """Values of the section on test images that have a copy among those learnt from."""
    return {
        "leaked": int(report.judgement.leaked.sum()),
        "without_leaks": _without_leaks(report),
    }


def confidence(report: Report) -> dict[str, Any]:
    """Values of the section on how far confidence and accuracy agree."""
    pair, truth = _pair_of_kinds(report), report.truth
    return {
        "reliability": Markup(reliability_diagram(pair, truth)),
        "coverage": Markup(coverage_figure(pair, truth)),
        "calibration": calibration(report),
    }


def calibration(report: Report) -> list[tuple[str, str, str]]:
    """Each row of the table of calibration: what, its error, its Brier score."""
    return [row for one in _pair_of_kinds(report) for row in _calibrated(one, report)]


def _pair_of_kinds(report: Report) -> list[Result]:
    """The most accurate result and its rival, where it has one."""
    ranked = ranking(report.results, report.truth)
    return [ranked[0], *([rival(ranked)] if len(ranked) > 1 else [])]


def groups(report: Report) -> dict[str, Any]:
    """Values of the sections on groups of the test images, for the most accurate classifier."""
    return {"groups": groups_of(report, ranking(report.results, report.truth)[0])}


def _pairs(report: Report) -> list[Pair]:
    """Each two, those of the most accurate first."""
    place = {each["name"]: number for number, each in enumerate(report.entries)}
    pairs = [_pair(each) for each in report.judgement.differences]
    return sorted(pairs, key=lambda pair: (place[pair.better], place[pair.worse]))


def _pair(found: Difference) -> Pair:
    if found.difference < 0:
        found = found.turned()
    return Pair(
        found.first,
        found.second,
        points(found.difference),
        found.interval.in_percent,
        f"{found.wins} : {found.losses}",
        chance(found.p_value).removeprefix("p = ").removeprefix("p "),
        chance(found.adjusted).removeprefix("p = ").removeprefix("p "),
        found.adjusted < LEVEL,
    )


def _without_leaks(report: Report) -> list[tuple[str, str, str]]:
    """`(name, accuracy on all, accuracy on those without a copy)`, by accuracy."""
    judgement = report.judgement
    fair = dict(zip([each.name for each in report.results], judgement.without_leaks, strict=False))
    return [
        (each["name"], percent(each["accuracy"]), percent(fair[each["name"]]))
        for each in report.entries
        if fair
    ]


def _calibrated(result: Result, report: Report) -> list[tuple[str, str, str]]:
    """`(what, expected calibration error, Brier score)` of a result as it is, and as it was.

    Before its temperature was fitted, that is; the probabilities of then follow from those of now.
    """
    rows = [(result.name, result.probabilities)]
    # Only what was fitted here, and not the mean of two pictures, can be taken back.
    fitted = LOSSES in result.details and not result.details.get("mirrored")
    temperature = result.details["temperature"] if fitted else 1.0
    if temperature != 1:
        before = apply_temperature(result.probabilities, 1 / temperature)
        rows.append((f"{result.name}, before its temperature of {temperature:.2f}", before))
    return [
        (
            name,
            percent(expected_calibration_error(report.truth, each)),
            f"{brier(report.truth, each):.3f}",
        )
        for name, each in rows
    ]


def repeats(report: Report) -> dict[str, Any]:
    """Values of the section on repeats with other seeds; `spread` is None without any."""
    if report.spread is None:
        return {"spread": None}
    kinds = {each.name: each.kind for each in report.results}
    table = report.spread.table()
    return {
        "spread": report.spread.title,
        "spread_rows": [
            (row["classifier"], *(percent(row[name]) for name in ("mean", "spread", "min", "max")))
            for row in table.to_dict("records")
        ],
        "spread_figure": Markup(spread_figure(report.spread.trials, kinds)),
    }


def groups_of(report: Report, result: Result) -> list[Group]:
    """How `result`, one of the report's, does on the groups that each column makes."""
    place = [each.name for each in report.results].index(result.name)
    overall, colour = report.scores[place].accuracy, COLOURS[result.kind]
    return [
        Group(column, result.name, _worst(found[place]), _drawn(found[place], overall, colour))
        for column, found in report.judgement.slices.items()
    ]


def _worst(slices: Sequence[Slice]) -> str:
    worst = slices[0]
    start = (
        f"{worst.name!r}: right on {percent(worst.accuracy)} of its {worst.images} "
        f"({worst.adjusted.in_percent}, corrected for {len(slices)} groups)"
    )
    if worst.below is None or not worst.is_below:
        return f"{start}, which cannot be told from the others"
    return f"{start}, clearly below the others, by {worst.below.in_percent} points"


def _drawn(slices: Sequence[Slice], overall: float, colour: str) -> Markup:
    shares = {each.name: (each.accuracy, each.adjusted.low, each.adjusted.high) for each in slices}
    return Markup(slice_figure(shares, overall, colour))
