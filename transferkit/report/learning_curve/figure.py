"""The figure of a learning curve: accuracy by images per class, and its extrapolation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter

from transferkit.learning_curves.curve import MIN_FITTED_SIZE, CurveLine, LearningCurve
from transferkit.report.figures.curves import AXIS, COLOURS, WIDTH, short
from transferkit.report.figures.svg import BACKGROUND, INK, QUIET, panel, styled, svg_text
from transferkit.report.html.formatting import percent

HEIGHT = 340  # pixels
MAX_NUMBERS = 8  # of 1, 2, 5, 10 ... under the axis; beyond, only those of whole decades
MIN_LABEL_DISTANCE = 26  # pixels between the ends of two lines that are labelled apart
LABEL_SPACING = 13  # pixels from one name to the next
BAND = "26"  # of 255: how much of its colour a band has


@styled
def growth(curve: LearningCurve) -> str:
    """Return the mean accuracy of each classifier by size, with a band from worst to best draw.

    The law of each goes on, dashed, to twice the images. In colour are the network and the baseline
    that is best with all images.
    """
    axes = panel("accuracy on the test images, %", WIDTH, HEIGHT, (28, 14, 38, AXIS))
    axes.set_xscale("log")
    sizes = curve.sizes
    axes.set_xlim(sizes[0] / 1.12, sizes[-1] * 2 * 1.12)
    colours = _colours(curve.lines)
    for line in reversed(curve.lines):
        _draw(axes, sizes, line, colours[line.name])
    low = min(np.nanmin(line.accuracies) for line in curve.lines)
    axes.set_ylim(max(0, min(low, curve.majority_share) * 100 - 4), 101)
    axes.axhline(curve.majority_share * 100, linestyle=":", color=QUIET, linewidth=1)
    _name(axes, curve, colours)
    _ticks(axes)
    axes.set_xlabel("training images per class")
    parts = [
        f"{line.name} rises from {percent(line.means[0])} to {percent(line.means[-1])}"
        for line in curve.lines
    ]
    between = f"from {sizes[0]:,.0f} to {sizes[-1]:,.0f} images per class"
    return svg_text(axes, f"Accuracy {between}: {'; '.join(parts)}.")


def _colours(lines: Sequence[CurveLine]) -> dict[str, str]:
    """Return the colours: the network's, that of the best baseline, and grey for the others."""
    best = max(
        (line for line in lines if line.kind == "baseline"),
        key=lambda line: line.means[-1],
        default=None,
    )
    chosen = [line for line in lines if line.kind == "network" or line is best]
    return {line.name: COLOURS[line.kind] if line in chosen else QUIET for line in lines}


def _draw(axes: Axes, sizes: np.ndarray, line: CurveLine, colour: str) -> None:
    low, high = np.nanmin(line.accuracies, axis=0), np.nanmax(line.accuracies, axis=0)
    # The ink is see-through already.
    fill = (INK if colour == QUIET else colour) + BAND
    axes.fill_between(sizes, low * 100, high * 100, color=fill, linewidth=0)
    axes.plot(sizes, line.means * 100, "o-", color=colour, linewidth=1.6, markersize=3.5)
    if line.law is not None:
        further = np.geomspace(max(MIN_FITTED_SIZE, sizes[0]), sizes[-1] * 2, 60)
        extrapolated = (1 - line.law.error(further)) * 100
        axes.plot(further, extrapolated, linestyle=(0, (4, 3)), color=colour, linewidth=1)


def _name(axes: Axes, curve: LearningCurve, colours: dict[str, str]) -> None:
    """Label each line at its end; one label over all lines that end close together.

    The others are under the lowest, in the order of the lines.
    """
    pixel = np.ptp(axes.get_ylim()) / (HEIGHT - 66)
    for crowd in _crowds(curve, MIN_LABEL_DISTANCE * pixel):
        lowest = min(line.means[-2:].min() * 100 for line, _ in crowd)
        for rank, (line, level) in enumerate(crowd):
            up = 9 if rank == 0 else -LABEL_SPACING * rank
            axes.annotate(
                short(line.name, 30),
                (axes.get_xlim()[1], level if rank == 0 else lowest),
                (-2, up),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=10.5,
                color=colours[line.name],
                bbox=BACKGROUND,
            )
    end = axes.get_xlim()[1]
    axes.annotate(
        "majority class",
        (end, curve.majority_share * 100),
        (-2, -8),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=10,
        color=QUIET,
        bbox=BACKGROUND,
    )


def _crowds(curve: LearningCurve, apart: float) -> list[list[tuple[CurveLine, float]]]:
    """Return groups of lines that end close together, with their levels in per cent."""
    crowds: list[list[tuple[CurveLine, float]]] = []
    for line in sorted(curve.lines, key=lambda line: -line.means[-1]):
        level = float(line.means[-1] * 100)
        if crowds and crowds[-1][-1][1] - level < apart:
            crowds[-1].append((line, level))
        else:
            crowds.append([(line, level)])
    return crowds


def _ticks(axes: Axes) -> None:
    low, high = axes.get_xlim()
    decades = 10.0 ** np.arange(0, 9)
    every = [tick for tick in np.outer(decades, [1, 2, 5]).ravel() if low <= tick <= high]
    named = every if len(every) <= MAX_NUMBERS else [tick for tick in every if tick in decades]
    axes.xaxis.set_major_locator(FixedLocator(named))
    axes.xaxis.set_minor_locator(FixedLocator([tick for tick in every if tick not in named]))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticklabels([f"{tick:,.0f}" for tick in named])
