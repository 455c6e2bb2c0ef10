"""Plain matplotlib figures, for a notebook or a file."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

COLOURS = {"network": "#1f4e79", "baseline": "#b45f06"}
COLUMNS = ("name", "kind", "fit_seconds", "accuracy_low", "accuracy", "accuracy_high")
MIN_SECONDS = 0.01  # of a logarithmic axis


def plot_accuracy_by_cost(frame: pd.DataFrame) -> Figure:
    """Return accuracy by training time with intervals, from the frame of a comparison."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    for name, kind, *numbers in frame[list(COLUMNS)].itertuples(index=False, name=None):
        low, accuracy, high = (share * 100 for share in numbers[1:])
        seconds = max(numbers[0], MIN_SECONDS)
        errors = [[accuracy - low], [high - accuracy]]
        axes.errorbar([seconds], [accuracy], yerr=errors, fmt="o", capsize=3, color=COLOURS[kind])
        axes.annotate(
            name,
            (seconds, accuracy),
            (6, 4),
            textcoords="offset points",
            fontsize=9,
            parse_math=False,
        )
    axes.set_xlabel("training time, s")
    axes.set_ylabel("accuracy on the test images, %")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(linewidth=0.3)
    return figure
