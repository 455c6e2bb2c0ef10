"""Exported model, computed by its own runtime, with the interface of `Network`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.in_memory import ImageSource, as_pixels
from transferkit.errors import RunError, brief
from transferkit.evaluation.conformal import ConformityScores
from transferkit.evaluation.summary import EpochRecord, Summary
from transferkit.export.formats import find_format, require_runtime
from transferkit.export.record import ExportRecord, export_folder, load_conformity
from transferkit.export.runtimes import Run, load_exported
from transferkit.storage.files import digest

BATCH_SIZE = 32  # images that are decoded at a time


@dataclass(frozen=True, eq=False)
class ExportedModel:
    """A classifier that computes with an exported model, and decodes images as its network does.

    Attributes:
        name: of the network.
        classes: names, in the order of the probabilities.
        data: settings of the decoding.
        image_size: pixels along each side.
        folder: of the export.
        format: as in `--to`.
        files: SHA-256 of each model file, by its path in the folder.
        conformity: scores of the network, for prediction sets; None if it has none.
    """

    name: str
    classes: tuple[str, ...]
    data: DataConfig
    image_size: int
    folder: Path
    format: str
    files: Mapping[str, str]
    megabytes: float = 0.0
    fit_seconds: float = 0.0
    summary: Summary = Summary()
    history: list[EpochRecord] = field(default_factory=list)
    kind: Literal["network", "baseline"] = "network"
    conformity: ConformityScores | None = None

    @classmethod
    def load(cls, path: str | Path) -> ExportedModel:
        """Return the export in the folder `path`, or in that of the model file `path`.

        Raises:
            RunError: there is no export, it is damaged, or its model has changed since then.
            DeviceError: its runtime is not installed.
        """
        folder = export_folder(path) or Path(path)
        record = ExportRecord.load(folder)
        require_runtime(find_format(record.format))
        record.require_unchanged(folder)
        model = cls(
            name=record.name,
            classes=record.classes,
            data=record.data,
            image_size=record.image_size,
            folder=folder,
            format=record.format,
            files=record.files,
            megabytes=record.megabytes,
            conformity=load_conformity(folder),
        )
        blank = np.zeros((1, model.image_size, model.image_size, 3), np.uint8)
        next(model.predict_batches([blank]))  # errors of the runtime are raised here
        return model

    @cached_property
    def _run(self) -> Run:
        try:
            run = load_exported(find_format(self.format), self.folder)
        except Exception as error:  # runtimes raise many types of errors
            raise RunError(
                f"The export in {str(self.folder)!r} cannot be loaded: {brief(error)}."
            ) from error
        lock = Lock()  # an interpreter of LiteRT, or a request of OpenVINO, is for one thread

        def run_alone(images: np.ndarray) -> np.ndarray:
            with lock:
                return run(images)

        return run_alone

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without the loaded model."""
        return {name: value for name, value in vars(self).items() if name != "_run"}

    @property
    def batch_size(self) -> int:
        """Images that are predicted at a time."""
        return BATCH_SIZE

    @property
    def digest(self) -> str:
        """SHA-256 of the digests of the model files."""
        return digest(json.dumps(dict(self.files), sort_keys=True).encode()).hex()

    def probabilities(self, images: Sequence[ImageSource]) -> np.ndarray:
        """Return `(images, classes)` float32, in order; `images` are as for `Network`.

        Raises:
            DataError: one of them cannot be read.
        """
        starts = range(0, len(images), BATCH_SIZE)
        batches = (images[start : start + BATCH_SIZE] for start in starts)
        pixels = (as_pixels(batch, self.image_size, self.data) for batch in batches)
        empty = np.empty((0, len(self.classes)), np.float32)
        return np.concatenate([empty, *self.predict_batches(pixels)])

    def predict_batches(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield `(batch, classes)` float32 for each of `batches`, decoded images of uint8 RGB."""
        yield from map(self._run, batches)
