"""Figures with one row per class: recall, and number of images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from transferkit.report.figures.curves import COLOURS, LETTER, WIDTH, number, short
from transferkit.report.figures.svg import INK, NETWORK, QUIET, panel, styled, svg_text
from transferkit.report.html.formatting import counted, listed

MAX_CLASSES = 24  # classes that are drawn; the tables and scores.json have them all


@styled
def recalls(entries: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> str:
    """The recall of each class, one dot per classifier; the first network and baseline in colour.

    `entries` are sorted by accuracy. Of many classes, those with the lowest recall of the first
    entry are shown.
    """
    best = {name: number(entries[0]["per_class"][name]["recall"]) for name in classes}
    shown = [name for name in classes if not math.isnan(best[name])]
    title = "recall by class, %"
    if len(shown) > MAX_CLASSES:
        shown, title = (
            sorted(shown, key=best.__getitem__)[:MAX_CLASSES],
            f"recall, %: the {MAX_CLASSES} hardest",
        )
    axes = rows(shown, title)
    axes.set_xlim(0, 100)
    axes.hlines(range(len(shown)), 0, 100, color=INK + "1f", linewidth=0.6, zorder=0)
    leaders = {entry["kind"]: entry["name"] for entry in reversed(entries)}
    for entry in reversed(entries):
        leads = leaders[entry["kind"]] == entry["name"]
        values = [number(entry["per_class"][name]["recall"]) * 100 for name in shown]
        colour, size = (COLOURS[entry["kind"]], 6) if leads else (INK + "4d", 4)
        if leads and entry is not entries[0]:
            size = 8  # a ring of it is to be seen where the first has the same recall
        axes.plot(values, range(len(shown)), "o", color=colour, markersize=size, clip_on=False)
    names = listed([f"the {kind} {name}" for kind, name in leaders.items()])
    return svg_text(
        axes, f"Recall of {counted(len(shown), 'class')} by classifier; in colour {names}."
    )


@styled
def class_counts(counts: pd.DataFrame) -> str:
    """Images of each class (rows) in each split (columns), as stacked bars.

    Of many classes, those with the fewest images.
    """
    title = "images by class"
    if len(counts) > MAX_CLASSES:
        few = counts.sum(axis=1).sort_values(kind="stable").index[:MAX_CLASSES]
        counts, title = counts.loc[few], f"images: the {MAX_CLASSES} smallest classes"
    axes = rows(list(counts.index), title)
    start = np.zeros(len(counts), int)
    shades = {"train": INK + "99", "validation": INK + "4d", "test": NETWORK}
    for split, colour in shades.items():
        widths = counts[split].to_numpy()
        axes.barh(range(len(counts)), widths, left=start, height=0.56, color=colour)
        start = start + widths
    for position, total in enumerate(start):
        right = axes.annotate(f"{total:,}", (total, position), (5, 0), textcoords="offset points")
        right.set(va="center", fontsize=10, color=QUIET)
    axes.set_xlim(0, max(start.max(), 1) * 1.14)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    totals = listed([f"{counts[split].sum()} in {split}" for split in shades])
    return svg_text(axes, f"Images of {counted(len(counts), 'class')}: {totals}.")


def rows(names: Sequence[str], title: str) -> Axes:
    """Return axes with one row per name, the first on top."""
    height = 24 if len(names) <= 12 else 18
    labels = [short(name) for name in names]
    left = 14 + LETTER * max(len(label) for label in labels)
    axes = panel(title, WIDTH, 54 + height * len(names), (24, 16, 30, left))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return axes
