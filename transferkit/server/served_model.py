"""A served network: loaded, warmed up, and with dynamic batching."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from transferkit.data.decoding.decode import read_picture, to_square
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.network import Network
from transferkit.server.batching import Batcher
from transferkit.server.settings import ServerConfig
from transferkit.storage.files import Stamp, stamp
from transferkit.storage.run import Run

WARM_UP_IMAGES = 8  # as many as the engine is verified on
PATCHES = 7  # along each side of a warm-up image, of random colours
MAX_GRAPH_BATCH = 32  # images: an engine that is not OpenVINO uses all cores for one batch


@dataclasses.dataclass(frozen=True, eq=False)
class ServedModel:
    """A network under its name in URLs; `version` counts how often it was loaded.

    Attributes:
        run: the run folder.
        stamp: of the file of the network, when it was read.
    """

    name: str
    version: int
    run: Path
    stamp: Stamp
    network: Network
    predictor: BatchPredictor
    batcher: Batcher

    @classmethod
    def load(
        cls,
        name: str,
        run: Path,
        version: int,
        config: ServerConfig,
        observe: Callable[[int], None] = lambda size: None,
    ) -> ServedModel:
        """Load the network of `run` and warm it up.

        Raises:
            RunError: the run has no network.
        """
        file_stamp = _stamp(run)
        network = Network.load(Run.open(run).folder)
        max_pixels = min(network.data.max_pixels, config.max_pixels)
        data = dataclasses.replace(network.data, max_pixels=max_pixels)
        network = dataclasses.replace(network, data=data)
        predictor = BatchPredictor(network.model, network.engine)
        by_streams = predictor.spec.name == "openvino"
        size = predictor.engine.batch_size if by_streams else MAX_GRAPH_BATCH
        batcher = Batcher(
            predictor.predict_arrays,
            max_batch=config.max_batch or size,
            window=config.window_ms / 1000,
            workers=max(1, predictor.engine.parallel),
            observe=observe,
        )
        model = cls(name, version, run, file_stamp, network, predictor, batcher)
        model.warm_up()
        return model

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the probabilities."""
        return self.network.classes

    @property
    def image_size(self) -> int:
        """Pixels along each side of the images that the network takes."""
        return self.network.image_size

    @property
    def has_changed(self) -> bool:
        """True if the file of the network has changed since it was read."""
        return _stamp(self.run) != self.stamp

    def warm_up(self) -> None:
        """Verify the engine against Keras, and compile it for each batch size."""
        images = _drawn_images(WARM_UP_IMAGES, self.image_size)
        self.predictor.predict_arrays(images)
        for size in range(1, min(self.batcher.max_batch, WARM_UP_IMAGES)):
            self.predictor.predict_arrays(images[:size])

    def decode(self, content: bytes) -> np.ndarray:
        """Return `(side, side, 3)` uint8 RGB, as in training and in `transferkit predict`.

        Raises:
            ImageError: the image cannot be read completely, or is too large.
        """
        data = self.network.data
        picture = read_picture(
            content, self.image_size, max_pixels=data.max_pixels, value_range=data.value_range
        )
        return np.asarray(to_square(picture, self.image_size, data.resize))


def _stamp(run: Path) -> Stamp:
    return stamp(str(run / "model.keras"))


def _drawn_images(count: int, image_size: int) -> np.ndarray:
    """Return smooth images of random colours, `(count, side, side, 3)` uint8."""
    generator = np.random.default_rng(0)
    patches = generator.integers(0, 256, (count, PATCHES, PATCHES, 3), dtype=np.uint8)
    size = (image_size, image_size)
    return np.stack(
        [
            np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BICUBIC))
            for each in patches
        ]
    )
