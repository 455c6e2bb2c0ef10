"""Plot of a lesson: its loss and the probe's accuracy, over the pictures seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tools.pocket.config import Lesson
from transferkit.storage.files import written_atomically


def draw_curve(lesson: Lesson, path: Path) -> None:
    """Write the history of `lesson` as a picture (.png or .svg)."""
    from matplotlib.figure import Figure

    history = pd.read_csv(lesson.history)
    seen = history["step"] * lesson.batch_size / 1e6
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(seen, history["loss"], color="#4c6fb1")
    left.set(xlabel="pictures seen, millions", ylabel="loss")
    for name in history.columns[3:]:
        measured = history[["step", name]].dropna()
        right.plot(
            measured["step"] * lesson.batch_size / 1e6, 100 * measured[name], marker="o", label=name
        )
    right.set(xlabel="pictures seen, millions", ylabel="probe, % right")
    if right.lines:
        right.legend(frameon=False)
    with written_atomically(path) as temporary:
        figure.savefig(temporary, dpi=160)
