"""Histograms of the sizes and aspect ratios of images."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from transferkit.report.figures.curves import WIDTH
from transferkit.report.figures.svg import INK, panel, styled, svg_text

BINS = 24
SIZE_TICKS = (
    8,
    16,
    32,
    64,
    128,
    256,
    512,
    1024,
    2048,
    4096,
    8192,
    16384,
)  # pixels
ASPECT_RATIO_TICKS = (
    {2.0**-power: f"1:{2**power}" for power in range(10, 0, -1)}
    | {0.75: "3:4", 1.0: "1:1", 4 / 3: "4:3"}
    | {2.0**power: f"{2**power}:1" for power in range(1, 11)}
)


@styled
def sides(files: pd.DataFrame) -> str:
    """Return the histogram of the shorter sides, on a logarithmic axis."""
    values = files[["width", "height"]].min(axis=1).to_numpy(float)
    axes = _histogram(values, "pixels along the shorter side")
    low, high = axes.get_xlim()
    ticks = [tick for tick in SIZE_TICKS if low <= tick <= high]
    ticks = ticks[:: math.ceil(len(ticks) / 6)] if ticks else []
    _ticks(axes, ticks, [f"{tick:,}" for tick in ticks])
    return svg_text(
        axes,
        f"The shorter side of {len(values):,} pictures: {values.min():.0f} to {values.max():.0f} "
        f"pixels, median {np.median(values):.0f}.",
    )


@styled
def shapes(files: pd.DataFrame) -> str:
    """Return the histogram of the aspect ratios, on a logarithmic axis."""
    values = files["width"].to_numpy(float) / files["height"].to_numpy(float)
    axes = _histogram(values, "width to height")
    low, high = axes.get_xlim()
    ticks = [tick for tick in ASPECT_RATIO_TICKS if low <= tick <= high]
    octaves = math.log2(high / low)
    for most, power in ((4, 2), (9, 4)):
        if octaves > most:  # the names would touch
            ticks = [tick for tick in ticks if math.log(tick, power).is_integer()]
    _ticks(axes, ticks, [ASPECT_RATIO_TICKS[tick] for tick in ticks])
    square = int((np.abs(values - 1) < 0.01).sum())
    return svg_text(
        axes, f"Width to height of {len(values):,} pictures, of which {square:,} are square."
    )


def _histogram(values: np.ndarray, title: str) -> Axes:
    axes = panel(title, WIDTH, 170, (34, 14, 26, 8))
    middle = float(np.sqrt(values.min() * values.max()))
    half = max(math.sqrt(values.max() / values.min()), 1.5) * 1.05
    edges = np.geomspace(middle / half, middle * half, BINS + 1)
    counts, _ = np.histogram(values, edges)
    left, widths = edges[:-1], np.diff(edges)
    axes.set_xscale("log")
    axes.bar(left, counts, width=widths * 0.9, align="edge", color=INK + "99")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, max(counts.max(), 1) * 1.2)
    for at, count in enumerate(counts):
        if count == counts.max():  # the one number that a reader of the heights needs
            spot = (left[at] + widths[at] / 2, count)
            axes.annotate(
                f"{count:,}", spot, (0, 4), textcoords="offset points", ha="center", fontsize=10
            )
            break
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    return axes


def _ticks(axes: Axes, ticks: list[float] | list[int], names: list[str]) -> None:
    axes.xaxis.set_major_locator(FixedLocator([float(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels(names)
