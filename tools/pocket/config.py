"""Settings of a lesson: its pictures, its steps and its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """A lesson on the pictures in `folder`.

    `labelled`: the student learns the labels of labelled pictures, in place of a teacher's maps.
    """

    folder: Path
    pictures: int
    steps: int
    batch_size: int = 128
    """Pictures in a step."""
    labelled: bool = False
    kept_every: int = 500
    """Steps between two checkpoints; after each, a line is logged and the history written."""
    seed: int = 0

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint of the student, with the state of its optimizer."""
        return self.folder / ("labels.keras" if self.labelled else "student.keras")

    @property
    def history(self) -> Path:
        """One row per checkpoint: steps, losses, pictures per second."""
        return self.checkpoint.with_suffix(".csv")
