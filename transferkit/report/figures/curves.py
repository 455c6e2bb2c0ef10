"""The figures of the report, each an `<svg>` element for a page in light or dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from transferkit.evaluation.ranking import pareto
from transferkit.evaluation.summary import EpochRecord
from transferkit.report.figures.svg import (
    BACKGROUND,
    BASELINE,
    INK,
    NETWORK,
    QUIET,
    panel,
    styled,
    svg_text,
)
from transferkit.report.html.formatting import counted, duration, listed, percent, printable

WIDTH = 344  # pixels: what a phone shows without scrolling
LETTER = 6.2  # pixels: the mean width of a character
# Seconds where the time axis may have ticks; it takes at most five that lie on it.
TIMES = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10_800, 36_000, 108_000)
AXIS = 46  # pixels left of a vertical axis
# Where a name may lie beside its dot: to the right (1), centred (0) or left (-1), and pixels up.
OFFSETS = tuple(
    (image_size, up)
    for up in (0, 13, -13, 26, -26, 39, -39)
    for image_size in (1, -1, 0)
    if image_size or up
)
Box = tuple[float, float, float, float]
COLOURS = {"network": NETWORK, "baseline": BASELINE}


def short(name: object, longest: int = 22) -> str:
    """Return a name of at most `longest` characters, to fit beside an axis."""
    text = printable(name)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number(value: Any) -> float:
    """Return a number from JSON, where null stands for NaN."""
    return math.nan if value is None else float(value)


@styled
def training_curve(history: Sequence[EpochRecord], quantity: str, name: str) -> str:
    """`quantity` (loss or accuracy) over the epochs of all stages, on training and validation."""
    axes = panel(quantity, WIDTH, 216, (40, 68, 34, 40))
    epochs = range(1, len(history) + 1)
    ends = []
    for key, label, style in ((quantity, "training", ":"), (f"val_{quantity}", "validation", "-")):
        values = [number(getattr(row, key)) for row in history]
        if all(math.isnan(value) for value in values):
            continue
        colour = NETWORK if key.startswith("val") else QUIET
        marker = "o" if len(values) < 3 else ""
        axes.plot(epochs, values, style, color=colour, linewidth=1.6, marker=marker, markersize=4)
        ends.append((label, values[-1], colour))
    axes.set_xlim(1 - 0.02 * len(history), max(len(history), 2))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel("epoch")
    _label_ends(axes, ends)
    _mark_stages(axes, [row.stage for row in history])
    last = listed([f"{value:.3g} in {label}" for label, value, _ in ends])
    return svg_text(
        axes, f"{quantity} of {name} over {counted(len(history), 'epoch')}; at the end {last}."
    )


@styled
def cost(entries: Sequence[Mapping[str, Any]]) -> str:
    """Accuracy against training time, on a logarithmic axis, one dot per classifier.

    The line leads over those that nothing cheaper equals (the Pareto front).
    """
    axes = panel("accuracy, %", WIDTH, 300, (28, 14, 38, AXIS))
    seconds = [max(entry["fit_seconds"], TIMES[0]) for entry in entries]
    shares = [entry["accuracy"] * 100 for entry in entries]
    axes.set_xscale("log")
    low, high = min(seconds) / 2.2, max(seconds) * 2.2
    axes.set_xlim(low, high)
    gap = max(max(shares) - min(shares), 4)
    axes.set_ylim(max(shares) - gap * 1.12, max(shares) + gap * 0.12)
    ticks = [time for time in TIMES if low <= time <= high]
    ticks = ticks[:: math.ceil(len(ticks) / 5)]
    axes.set_xticks(
        ticks, [duration(time).removesuffix(" 0 s").removesuffix(" 0 min") for time in ticks]
    )
    axes.minorticks_off()
    axes.set_xlabel("training time")
    dots = list(zip(seconds, shares, strict=True))
    front = [dots[number] for number in pareto(seconds, shares)]
    axes.plot(*zip(*front, strict=True), color=INK + "40", linewidth=1, drawstyle="steps-post")
    for entry, (x, y) in zip(entries, dots, strict=True):
        axes.plot([x], [y], "o", color=COLOURS[entry["kind"]], markersize=6, clip_on=False)
    _label_dots(axes, [short(entry["name"], 30) for entry in entries], dots)
    parts = [
        f"{entry['name']} {percent(entry['accuracy'])} in {duration(entry['fit_seconds'])}"
        for entry in entries
    ]
    return svg_text(axes, f"Accuracy against training time: {'; '.join(parts)}.")


def _label_ends(axes: Axes, ends: Sequence[tuple[str, float, str]]) -> None:
    """Write the name of each line at its end, without overlap."""
    low, high = axes.get_ylim()
    apart, below = (high - low) * 0.09, -math.inf
    for label, value, colour in sorted(ends, key=lambda end: end[1]):
        below = max(value, below + apart)
        end = (axes.get_xlim()[1], below)
        axes.annotate(
            label,
            end,
            (6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    axes.set_ylim(low, high)


def _mark_stages(axes: Axes, stages: Sequence[str]) -> None:
    """Write the name of each stage above its epochs, with a line between stages."""
    for position, stage in enumerate(stages):
        if position and stage == stages[position - 1]:
            continue
        start = position + 0.5 if position else axes.get_xlim()[0]
        if position:
            axes.axvline(start, color=INK + "59", linewidth=0.6)
        words = stage.replace("_", " ")
        spot = (start, 1.0)
        axes.annotate(
            words,
            spot,
            (4 if position else 0, 4),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=10,
            color=QUIET,
        )


def _label_dots(axes: Axes, names: Sequence[str], dots: Sequence[tuple[float, float]]) -> None:
    """Write each name beside its dot, at the first free position inside the figure."""
    spots = [tuple(axes.transData.transform(dot)) for dot in dots]
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in spots]
    for name, dot, spot in zip(names, dots, spots, strict=True):
        width = LETTER * len(name)
        offset = next(
            (candidate for candidate in OFFSETS if _is_free(_box(spot, candidate, width), taken)),
            OFFSETS[0],
        )
        taken.append(_box(spot, offset, width))
        right, up = offset
        alignment = {1: "left", 0: "center", -1: "right"}[right]
        shift = (9 * right, up)
        axes.annotate(
            name,
            dot,
            shift,
            textcoords="offset points",
            ha=alignment,
            va="center",
            fontsize=10.5,
            bbox=BACKGROUND,
        )


def _box(spot: tuple[float, ...], offset: tuple[int, int], width: float) -> Box:
    """Return the box of a name of `width` pixels: left, bottom, right, top."""
    left = spot[0] + {1: 9, 0: -width / 2, -1: -9 - width}[offset[0]]
    middle = spot[1] + offset[1]
    return left, middle - 6, left + width, middle + 6


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    left, bottom, right, top = box
    clear = all(left > c or right < a or bottom > d or top < b for a, b, c, d in taken)
    return clear and left > AXIS and right < WIDTH
