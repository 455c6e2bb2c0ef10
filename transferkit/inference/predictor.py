"""A model's outputs for files, once through, as fast as the device allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from threading import Lock

import keras
import numpy as np

from transferkit.config.settings import DataConfig, EngineName
from transferkit.data.decoding.decode import read_images
from transferkit.data.loading.prefetch import decoded_batches
from transferkit.inference.devices import FLOAT32, Precision
from transferkit.inference.engine import EngineSpec, Outputs, choose_engine
from transferkit.inference.parity import CHECKED_IMAGES, start_engine, verify_parity
from transferkit.inference.tf_graph import has_gpu
from transferkit.runtime.progress import log_once, track

Change = Callable[[np.ndarray, int], np.ndarray]
"""Change of a batch of images, of which the first has this index."""


class BatchPredictor:
    """`model` in inference, compiled once, with the weights that it has at that moment.

    It computes in float32, as a finished network does; or, with a `precision`, as fast as that
    allows, and then the engine is logged. Its outputs for the first images are compared with those
    of Keras. A quantised network is cached on disk, within `bound` bytes.

    Raises:
        DeviceError: the engine is not installed.
    """

    def __init__(
        self,
        model: keras.Model,
        engine: EngineName = "auto",
        *,
        precision: Precision | None = None,
        bound: int = 0,
    ) -> None:
        if precision is None and has_gpu():
            engine = "graph"  # one image is one image there, on however many devices it learnt
        spec = replace(choose_engine(engine, precision or FLOAT32), bound=bound)
        if precision is not None:
            log_once(spec.line)
        self.image_size, self.shape = int(model.input_shape[1]), model.outputs[-1].shape
        self.engine = start_engine(model, spec)
        # In float32 TensorFlow's outputs are those of Keras, which computes by it.
        self._checking = Lock()
        self._unchecked = 0 if precision is None and spec.name != "openvino" else CHECKED_IMAGES

    @property
    def spec(self) -> EngineSpec:
        """That of its engine, which the comparison with Keras may have replaced by another."""
        return self.engine.spec

    @property
    def weights_frozen(self) -> bool:
        """Whether its outputs stay the same, whatever its model learns later."""
        return not self._unchecked and self.engine.weights_frozen

    @property
    def width(self) -> int:
        """Numbers of an image in the last of its outputs, if those are vectors."""
        return int(self.shape[-1])

    def warm_up(self, paths: Sequence[str], data: DataConfig) -> None:
        """Compare the engine with Keras on the first images, and replace it if it is not accurate.

        The first call also optimises the graph, which is no image's cost.

        Raises:
            DataError: one of these files cannot be read.
        """
        self._verify(lambda few: read_images(paths[:few], self.image_size, data), len(paths))

    def _verify(self, first: Callable[[int], np.ndarray], images: int) -> None:
        with self._checking:
            if few := min(self._unchecked, images):
                self.engine = verify_parity(self.engine, first(few))
                self._unchecked -= few

    def predict_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return the last output of the model, `(images, ...)` float32, for decoded images.

        `images` is `(images, image_size, image_size, 3)` uint8 RGB.
        """
        size = self.engine.batch_size
        batches = (images[start : start + size] for start in range(0, len(images), size))
        outputs = self.predict_batches(batches)
        return np.concatenate([np.empty((0, *self.shape[1:]), np.float32), *outputs])

    def predict_batches(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the last output of the model for each of `batches`, which are read lazily.

        Each is `(batch, image_size, image_size, 3)` uint8 RGB, and is not written to after that.
        """
        batches = iter(batches)
        first = next(batches, None)
        if first is None:
            return
        self._verify(lambda few: first[:few], len(first))
        for *_, output in self.engine.run(chain([first], batches)):
            yield output

    def stream(
        self,
        paths: Sequence[str],
        data: DataConfig,
        *,
        doing: str,
        batch_size: int | None = None,
        change: Change | None = None,
        keys: list[bytes] | None = None,
    ) -> Iterator[Outputs]:
        """Yield the outputs for each batch of files, in order, each `(batch, ...)` float32.

        `doing` names the work on the terminal; `change` is applied to each batch first. The content
        key of each decoded image is written into `keys`.

        Raises:
            DataError: one of the files cannot be read.
        """
        self.warm_up(paths, data)
        batch_size = batch_size or self.engine.batch_size
        with closing(
            decoded_batches(paths, self.image_size, data, batch_size=batch_size, keys=keys)
        ) as images:
            steps = -(-len(paths) // batch_size)
            outputs = self.engine.run(_changed(images, change) if change else images)
            yield from track(outputs, steps, doing=doing)

    def __call__(
        self, paths: Sequence[str], data: DataConfig, *, doing: str, change: Change | None = None
    ) -> np.ndarray:
        """Return the last output of the model for each file, in order: `(images, ...)` float32.

        Raises:
            DataError: one of the files cannot be read.
        """
        values = np.empty((len(paths), *self.shape[1:]), np.float32)
        done = 0
        for *_, output in self.stream(paths, data, doing=doing, change=change):
            values[done : done + len(output)] = output
            done += len(output)
        return values


def _changed(batches: Iterator[np.ndarray], change: Change) -> Iterator[np.ndarray]:
    done = 0
    for images in batches:
        yield change(images, done)
        done += len(images)
