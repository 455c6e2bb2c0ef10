"""Figures of calibration, coverage, slices and repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from transferkit.evaluation.calibration import coverage_curve, reliability
from transferkit.evaluation.results import Result
from transferkit.report.figures.curves import AXIS, COLOURS, WIDTH
from transferkit.report.figures.per_class import rows
from transferkit.report.figures.svg import INK, QUIET, panel, styled, svg_text
from transferkit.report.html.formatting import percent, printable

MAX_MARKER_SIZE = 11  # points: the diameter of the dot of the bin with most images
COVERAGES = (1.0, 0.9, 0.8)  # shares of the images that are answered, which are read out


@styled
def reliability_diagram(results: Sequence[Result], labels: np.ndarray) -> str:
    """Return the reliability diagram: accuracy by confidence."""
    axes = panel("accuracy, %", WIDTH, 300, (28, 14, 38, AXIS))
    axes.plot([0, 100], [0, 100], ":", color=QUIET, linewidth=1)
    low = 100.0
    for result in results:
        diagram = reliability(labels, result.probabilities)
        filled = diagram.counts > 0
        confidence, accuracy = diagram.confidence[filled] * 100, diagram.accuracy[filled] * 100
        sizes = MAX_MARKER_SIZE * np.sqrt(diagram.counts[filled] / diagram.counts.max())
        colour = COLOURS[result.kind]
        axes.plot(confidence, accuracy, "-", color=colour, linewidth=1)
        for x, y, size in zip(confidence, accuracy, sizes, strict=True):
            axes.plot([x], [y], "o", color=colour, markersize=max(size, 3), clip_on=False)
        low = min(low, confidence.min(), accuracy.min())
    axes.set_xlim(max(0, low - 4), 100)
    axes.set_ylim(max(0, low - 4), 100)
    axes.set_xlabel("confidence, %")
    names = " and ".join(result.name for result in results)
    return svg_text(axes, f"Accuracy against confidence of {names}; the larger a dot, the more.")


@styled
def coverage_figure(results: Sequence[Result], labels: np.ndarray) -> str:
    """Return accuracy by coverage: the share of images answered, most confident first."""
    axes = panel("accuracy of those answered, %", WIDTH, 300, (28, 14, 38, AXIS))
    lowest, parts = 1.0, []
    for result in results:
        curve = coverage_curve(labels, result.probabilities)
        axes.plot(
            curve.coverage * 100, curve.accuracy * 100, color=COLOURS[result.kind], linewidth=1.6
        )
        # The accuracy of the first few images is noise.
        lowest = min(lowest, curve.accuracy[curve.coverage >= 0.1].min())
        shares = [
            f"{percent(float(np.interp(share, curve.coverage, curve.accuracy)))} "
            f"on {share * 100:.0f} %"
            for share in COVERAGES
        ]
        parts.append(f"{result.name} has an accuracy of {', '.join(shares)}")
    axes.set_xlim(100, 0)
    axes.set_ylim(max(0, lowest * 100 - 4), 100.5)
    axes.set_xlabel("images answered, most confident first, %")
    return svg_text(axes, f"Accuracy by the share that is answered: {'; '.join(parts)}.")


@styled
def slice_figure(
    accuracies: Mapping[str, tuple[float, float, float]], overall: float, colour: str
) -> str:
    """Return the accuracy of each slice with its interval; shares 0..1."""
    names = list(accuracies)
    axes = _accuracy_axes(names, "accuracy by group, %")
    axes.axvline(overall * 100, color=INK + "59", linewidth=0.6)
    for row, (accuracy, low, high) in enumerate(accuracies.values()):
        axes.plot([low * 100, high * 100], [row, row], color=colour, linewidth=1.6)
        axes.plot([accuracy * 100], [row], "o", color=colour, markersize=6, clip_on=False)
    worst = next(iter(accuracies))
    return svg_text(axes, f"Accuracy of {len(accuracies)} groups; the worst is {printable(worst)}.")


@styled
def spread_figure(trials: pd.DataFrame, kinds: Mapping[str, str]) -> str:
    """One row per classifier: a dot for each training, a bar at the mean; `kinds` are by name."""
    by_classifier = {
        str(name): accuracies.to_numpy() * 100
        for name, accuracies in trials.groupby("classifier", sort=False)["accuracy"]
    }
    axes = _accuracy_axes(list(by_classifier), "accuracy by training, %")
    for row, (name, values) in enumerate(by_classifier.items()):
        colour = COLOURS[kinds[name]]
        axes.plot(values, [row] * len(values), "o", color=colour, markersize=4, alpha=0.5)
        axes.plot([values.mean()], [row], "|", color=colour, markersize=14, markeredgewidth=2)
    low = min(values.min() for values in by_classifier.values())
    axes.set_xlim(max(0, low - 2), 100)
    parts = [
        f"{name} {values.mean():.1f} %, from {values.min():.1f} to {values.max():.1f}"
        for name, values in by_classifier.items()
    ]
    return svg_text(axes, f"Accuracy over repeats: {'; '.join(parts)}.")


def _accuracy_axes(names: Sequence[str], title: str) -> Axes:
    axes = rows(names, title)
    axes.set_xlim(0, 100)
    return axes
