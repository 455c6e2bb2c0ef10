"""What a lesson is: its pictures, its steps, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """How many pictures there are in `folder`, how many steps are taken, and how often it is kept.

    `labelled`: the student learns the labels of labelled pictures, in place of what a teacher said.
    """

    folder: Path
    pictures: int
    steps: int
    batch_size: int = 128
    """Pictures in a step."""
    labelled: bool = False
    kept_every: int = 500
    """Steps between two checkpoints; after each, a line is said and the history written."""
    seed: int = 0

    @property
    def checkpoint(self) -> Path:
        """The student as it was last kept, with the state of its optimizer."""
        return self.folder / ("labels.keras" if self.labelled else "student.keras")

    @property
    def history(self) -> Path:
        """One row a checkpoint: steps, losses, pictures a second."""
        return self.checkpoint.with_suffix(".csv")
