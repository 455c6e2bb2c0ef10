"""A trained network: a Keras model with its class names and its way of decoding, in one file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

import transferkit
from transferkit.config.settings import DataConfig, EngineName
from transferkit.data.decoding.in_memory import ImageSource, as_paths, as_pixels
from transferkit.errors import RunError, brief
from transferkit.evaluation.conformal import ConformityScores
from transferkit.evaluation.summary import EpochRecord, TrainingSummary
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import parameters
from transferkit.models.loading import FACTS, read_network
from transferkit.storage.files import written_atomically


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A classifier by a Keras model; `model` is plain Keras and can be used without the rest.

    Attributes:
        model: RGB `(batch, side, side, 3)` of 0..255 in, probabilities `(batch, classes)` out.
            Who trains it further takes a `dataclasses.replace(network)` after that: `probabilities`
            compiles the model once, with its weights.
        classes: names, in the order of the probabilities.
        history: one record per epoch.
        engine: what computes `probabilities`, in float32; it is not kept in the file, since
            another machine may have others.
        conformity: scores of images that it was not fitted on, for prediction sets; None if there
            were no such images.
    """

    name: str
    model: keras.Model
    classes: tuple[str, ...]
    data: DataConfig
    fit_seconds: float = 0.0
    megabytes: float = 0.0
    summary: TrainingSummary = TrainingSummary()
    history: list[EpochRecord] = field(default_factory=list)
    kind: Literal["network", "baseline"] = "network"
    engine: EngineName = "auto"
    conformity: ConformityScores | None = None

    @property
    def image_size(self) -> int:
        """Pixels along each side of the images that the model takes."""
        return int(self.model.input_shape[1])

    @cached_property
    def _forward(self) -> BatchPredictor:
        return BatchPredictor(self.model, self.engine)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without what is compiled."""
        return {name: value for name, value in vars(self).items() if name != "_forward"}

    def probabilities(self, images: Sequence[ImageSource]) -> np.ndarray:
        """Return `(images, classes)` float32, in order.

        Each of `images` is the path of a file, the bytes of one, a PIL image or an array
        `(height, width, 3)` uint8 RGB. Paths alone are read while others are computed.

        Raises:
            DataError: one of them cannot be read.
        """
        paths = as_paths(images)
        if paths is None:
            return self.predict_arrays(as_pixels(images, self.image_size, self.data))
        return self._forward(paths, self.data, doing=f"Predicting with {self.name}")

    def predict_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return `(images, classes)` float32 for decoded images.

        `images` is `(images, image_size, image_size, 3)` uint8 RGB.
        """
        return self._forward.predict_arrays(images)

    def predict_batches(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield `(batch, classes)` float32 for each of `batches`, as they come.

        Each is as in `predict_arrays`; one after the other is read, and none is kept.
        """
        return self._forward.predict_batches(batches)

    @property
    def batch_size(self) -> int:
        """Images of a batch by which the engine is fastest."""
        return self._forward.engine.batch_size

    def save(self, folder: str | Path) -> None:
        """Write `folder/model.keras`: the model without its optimizer, and the facts beside it."""
        facts = {
            "transferkit": transferkit.__version__,
            "name": self.name,
            "classes": list(self.classes),
            "data": asdict(self.data),
            "fit_seconds": self.fit_seconds,
            "history": [row.to_json() for row in self.history],
            "summary": self.summary.to_json(),
            "conformity": self.conformity.to_json() if self.conformity else None,
        }
        with written_atomically(Path(folder) / "model.keras") as path:
            # Not lists of one: a model read back would warn of each tensor that it is given.
            (images,), (probabilities,) = self.model.inputs, self.model.outputs
            keras.Model(images, probabilities, name=self.model.name).save(path)
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr(FACTS, json.dumps(facts, ensure_ascii=True))

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """The network in the file `path`, or in the run folder `path`.

        Raises:
            RunError: there is no such file, or it was not written by `save`.
        """
        path = Path(path)
        path = path / "model.keras" if path.is_dir() else path
        try:
            facts, model = read_network(path)
            size = path.stat().st_size / 1e6
        except FileNotFoundError as error:
            raise RunError(
                f"There is no network in {str(path)!r}: `transferkit train DIR --out RUN` makes it."
            ) from error
        except Exception as error:  # Keras raises nearly anything of a file that was changed
            raise RunError(
                f"{str(path)!r} is not a network that transferkit saved, or it is damaged: "
                f"{brief(error)}."
            ) from error
        names = ("name", "data", "fit_seconds", "history", "summary", "conformity")
        given = {name: facts[name] for name in names}
        return cls(
            model=model,
            classes=tuple(facts["classes"]),
            megabytes=size,
            **given,
        )

    def __repr__(self) -> str:
        return (
            f"<Network {self.name}: {len(self.classes)} classes, {self.image_size} px, "
            f"{parameters(self.model):,} parameters, trained in {self.fit_seconds:.0f} s>"
        )

    def _repr_html_(self) -> str:
        return self.summary.to_html(repr(self))
