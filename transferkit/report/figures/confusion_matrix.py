"""Confusion matrix as a figure, for two to a hundred classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from transferkit.report.figures.curves import COLOURS, LETTER, short
from transferkit.report.figures.svg import INK, PAPER, panel, styled, svg_text
from transferkit.report.html.formatting import printable

# The opacity of each tenth of a share. The gap keeps the counts readable: ink on the lighter
# cells, paper on the stronger ones, at a contrast of about 4.5 or more in light and in dark.
OPACITIES = (0.12, 0.2, 0.28, 0.35, 0.42, 0.48, 0.82, 0.88, 0.94, 1.0)
LIGHTER = 6  # steps that ink is written on
WIDTH = 312  # pixels: three side by side
MAX_CLASSES_WITH_COUNTS = 20  # classes up to which each cell has its count written in it


@styled
def confusion_matrix(counts: np.ndarray, classes: Sequence[str], *, name: str, kind: str) -> str:
    """Return the figure of `counts` `(true, predicted)` int, each row shaded by its share."""
    number, labels = len(classes), [short(name) for name in classes]
    letter = 11.0 if number <= MAX_CLASSES_WITH_COUNTS else 8.0
    room = 10 + LETTER * letter / 11 * max(len(label) for label in labels)
    cell = float(np.clip((WIDTH - room) / number, letter + 1, 44))  # pixels of a cell
    size = cell * number
    width = max(size + room, WIDTH)
    axes = panel(
        printable(name), width, size + room + 30, (26, width - size - room, room + 4, room)
    )
    axes.set_xlim(-0.5, number - 0.5)
    axes.set_ylim(number - 0.5, -0.5)
    axes.set_xticks(range(number), labels, fontsize=letter, rotation=90)
    axes.set_yticks(range(number), labels, fontsize=letter)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    _shade(axes, shares, COLOURS[kind])
    if number <= MAX_CLASSES_WITH_COUNTS:
        _count(axes, counts, shares, letter=min(11, cell * 0.42))
    return svg_text(axes, f"Confusion matrix of {name}: {_summary(counts, classes)}")


def _shade(axes: Axes, shares: np.ndarray, colour: str) -> None:
    """Fill the cells, those of one shade as a single path, so that 10,000 cells stay small."""
    axes.patch.set(facecolor=INK, alpha=0.04)
    steps = _steps(shares)
    for step, opacity in enumerate(OPACITIES, 1):
        cells = np.argwhere(steps == step)
        if len(cells):
            axes.add_patch(PathPatch(_squares(cells), facecolor=colour, alpha=opacity, linewidth=0))


def _steps(shares: np.ndarray) -> np.ndarray:
    """Return the tenth of each share: 0 for zero, 10 for over nine tenths."""
    return np.ceil(np.round(shares * len(OPACITIES), 6)).astype(int)


def _squares(cells: np.ndarray) -> Path:
    """Return one path around the cells `(cells, 2)` of row and column, with small gaps."""
    half = 0.475
    corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)])
    vertices = (cells[:, None, ::-1] + corners).reshape(-1, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(cells)
    return Path(vertices, codes)


def _count(axes: Axes, counts: np.ndarray, shares: np.ndarray, *, letter: float) -> None:
    steps = _steps(shares)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = INK if steps[row, column] <= LIGHTER else PAPER
            axes.text(
                column, row, f"{count}", ha="center", va="center", fontsize=letter, color=colour
            )


def _summary(counts: np.ndarray, classes: Sequence[str]) -> str:
    """Return the most frequent mistake in words."""
    wrong = np.array(counts)
    np.fill_diagonal(wrong, 0)
    if not wrong.any():
        return "no mistake."
    row, column = map(int, np.unravel_index(wrong.argmax(), wrong.shape))
    times = "once" if wrong.max() == 1 else f"{wrong.max()} times"
    return f"the commonest mistake, {times}, is {classes[column]!r} where {classes[row]!r} is true."
