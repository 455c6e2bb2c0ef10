"""Reference for the comparison: probabilities of the network for test images of its run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.export.writers import CALIBRATION_IMAGES
from transferkit.models.network import Network

MAX_IMAGES = 1000  # test images that are compared: 150 MB of pixels at 224 px


@dataclass(frozen=True, eq=False)
class Reference:
    """Test images, and the probabilities of the network for them.

    Attributes:
        paths: of the files.
        pixels: `(images, image_size, image_size, 3)` uint8 RGB.
        labels: `(images,)` class indices of the network, -1 for a class that it does not know.
        probabilities: `(images, classes)` float32, by Keras.
        milliseconds: per image, of the network, without decoding.
        calibration: as `pixels`, of training images; empty if not needed.
    """

    paths: list[str]
    pixels: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    milliseconds: float
    calibration: np.ndarray

    def head(self, images: int) -> Reference:
        """Return the first `images`."""
        return replace(
            self,
            paths=self.paths[:images],
            pixels=self.pixels[:images],
            labels=self.labels[:images],
            probabilities=self.probabilities[:images],
        )


def read_reference(
    network: Network,
    manifest: Manifest,
    *,
    calibrated: bool = False,
    max_images: int = MAX_IMAGES,
) -> Reference:
    """Read test images of `manifest`, spread evenly, and predict them with `network` by Keras.

    Raises:
        DataError: none of the image files exists, or one cannot be read.
    """
    test = _present(manifest, "test", max_images)
    paths = test["path"].tolist()
    pixels = read_images(paths, network.image_size, network.data)
    index = {name: number for number, name in enumerate(network.classes)}
    plain = replace(network, engine="keras")
    plain.predict_arrays(pixels[:8])  # the first call prepares what later ones use
    began = time.perf_counter()
    probabilities = plain.predict_arrays(pixels)
    seconds = time.perf_counter() - began
    calibration = pixels[:0]
    if calibrated:
        training = _present(manifest, "train", CALIBRATION_IMAGES)["path"].tolist()
        calibration = read_images(training, network.image_size, network.data)
    return Reference(
        paths,
        pixels,
        np.array([index.get(label, -1) for label in test["label"]], np.int64),
        probabilities,
        1000 * seconds / len(paths),
        calibration,
    )


def _present(manifest: Manifest, split: str, count: int) -> pd.DataFrame:
    """Return up to `count` rows of `split` whose files exist, spread evenly over its rows.

    Raises:
        DataError: no file exists.
    """
    rows = manifest.part(split)
    present = rows[[os.path.isfile(path) for path in rows["path"]]].reset_index(drop=True)
    if present.empty:
        where = f", such as {rows['path'].iloc[0]!r}" if len(rows) else ""
        raise DataError(
            f"None of the {len(rows)} {split} images of {manifest.source!r} exists any more"
            f"{where}: an export is compared with its network on them, so put them back, or write "
            "their new paths into the manifest.csv of the run."
        )
    places = np.linspace(0, len(present) - 1, min(count, len(present))).round().astype(int)
    # Shuffled, so that the first images are of all classes.
    mixed = np.random.default_rng(0).permutation(np.unique(places))
    return present.iloc[mixed].reset_index(drop=True)
