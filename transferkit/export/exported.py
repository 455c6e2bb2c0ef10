"""Exported model by its own runtime, with the face of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.in_memory import ImageSource, as_pixels
from transferkit.errors import RunError, brief
from transferkit.evaluation.summary import EpochRecord, Summary
from transferkit.export.formats import find_format, require_installed
from transferkit.export.record import RECORD, ExportRecord
from transferkit.export.runtimes import Run, load_exported

BATCH_SIZE = 32  # images that are decoded at a time


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """A classifier by an exported file, decoding images as the network that it was exported from.

    Attributes:
        name: of the network.
        classes: names, in the order of the probabilities.
        data: how it decodes images.
        image_size: pixels along each side.
        folder: of the export.
        format: as in `--to`.
    """

    name: str
    classes: tuple[str, ...]
    data: DataConfig
    image_size: int
    folder: Path
    format: str
    megabytes: float = 0.0
    fit_seconds: float = 0.0
    summary: Summary = Summary()
    history: list[EpochRecord] = field(default_factory=list)
    kind: Literal["network", "baseline"] = "network"

    @classmethod
    def load(cls, path: str | Path) -> ExportedModel:
        """Return the export in the folder `path`, or in that of the model file `path`.

        Raises:
            RunError: there is no export, or its files are not those that were verified.
            DeviceError: its runtime is not installed.
        """
        folder = export_folder(path)
        record = ExportRecord.load(folder)
        require_installed(find_format(record.format))
        record.require_unchanged(folder)
        return cls(
            name=record.name,
            classes=record.classes,
            data=record.data,
            image_size=record.image_size,
            folder=folder,
            format=record.format,
            megabytes=record.megabytes,
        )

    @cached_property
    def _run(self) -> Run:
        try:
            return load_exported(find_format(self.format), self.folder)
        except Exception as error:  # runtimes raise nearly anything of a file that they cannot read
            raise RunError(
                f"The export in {str(self.folder)!r} cannot be loaded: {brief(error)}."
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without what is loaded."""
        return {name: value for name, value in vars(self).items() if name != "_run"}

    def probabilities(self, images: Sequence[ImageSource]) -> np.ndarray:
        """Return `(images, classes)` float32, in order; `images` are as for `Network`.

        Raises:
            DataError: one of them cannot be read.
        """
        starts = range(0, len(images), BATCH_SIZE)
        batches = (images[start : start + BATCH_SIZE] for start in starts)
        chunks = (self._run(as_pixels(batch, self.image_size, self.data)) for batch in batches)
        return np.concatenate([np.empty((0, len(self.classes)), np.float32), *chunks])

    def predict_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return `(images, classes)` float32 for decoded images.

        `images` is `(images, image_size, image_size, 3)` uint8 RGB.
        """
        return self._run(images)


def export_folder(path: str | Path) -> Path:
    """Return the folder of the export that `path` is, or is a model file of."""
    path = Path(path)
    for folder in (path, path.parent, path.parent.parent):
        if (folder / RECORD).is_file():
            return folder
    return path
