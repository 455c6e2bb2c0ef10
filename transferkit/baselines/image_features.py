"""From the paths of images to the numbers that a baseline reads, as scikit-learn transformers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

import transferkit
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import NAMED
from transferkit.baselines.catalog import FEATURES
from transferkit.baselines.descriptors import EXTRACTORS
from transferkit.baselines.path_transformer import PathTransformer
from transferkit.config.settings import DataConfig, EngineName, ModelConfig, PrecisionName
from transferkit.data.decoding.decode import MOST_PIXELS, decode_with_key, in_threads
from transferkit.data.quality.file_info import content_keys
from transferkit.errors import WeightsError
from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import FeatureBatch, Table, count_saved, replace_keys
from transferkit.runtime.progress import track

CHUNK = 8  # images that a thread reads before it hands them over, which takes its time too
SLOW = ("hog", "hog_colour")  # 2.4 ms an image; pixels take as long as decoding, and 12 kB to keep
ROWS = 1024  # images that are computed before they are kept
CACHE_SIZE = DataConfig().cache_gb
SIDES = {row.name: row.image_size for row in FEATURES if row.image_size is not None}


class ImageFeatures(PathTransformer):
    """The features of `kind` (pixels, colour, hog or hog_colour), at the side the table gives it.

    Those of `SLOW` kinds are kept on disk between runs, as a backbone's are. `resize`, `max_pixels`
    and `cache_gb` are those of `DataConfig`.
    """

    cache_gb = CACHE_SIZE  # of files from before there was a choice

    def __init__(
        self,
        kind: str = "hog_colour",
        *,
        resize: str = "squash",
        max_pixels: int = MOST_PIXELS,
        value_range: tuple[float, ...] = (),
        cache_gb: float = CACHE_SIZE,
    ) -> None:
        self.kind = kind
        self.resize = resize
        self.max_pixels = max_pixels
        self.value_range = value_range
        self.cache_gb = cache_gb

    def read(self, paths: Sequence[str]) -> tuple[np.ndarray, float]:
        """`(images, width)` float32, and the seconds that they took when they were computed."""
        found = self._recalled(paths)
        return found.values, found.seconds

    def transform(self, paths: Sequence[str]) -> np.ndarray:
        """`(images, width)` float32; what was kept of a slow kind is counted in `saved_seconds`."""
        found = self._recalled(paths)
        count_saved(found.kept_seconds)
        return found.values

    def _recalled(self, paths: Sequence[str]) -> FeatureBatch:
        if self.kind not in SLOW or not self.cache_gb:
            return FeatureBatch(*self._computed(paths))

        def compute(places: list[int]) -> Iterator[Batch]:
            for start in range(0, max(len(places), 1), ROWS):
                part = places[start : start + ROWS]
                decoded = [b""] * len(part)
                batch = self._computed([paths[place] for place in part], decoded)
                replace_keys(keys, part, decoded)
                yield batch

        keys = content_keys(paths)
        table = Table(self._facts, bound=DataConfig(cache_gb=self.cache_gb).cache_bytes)
        return table.read(keys, compute)

    def _computed(self, paths: Sequence[str], keys: list[bytes] | None = None) -> Batch:
        """`(images, width)` float32, each image decoded and read in turn; and the seconds of it.

        In `keys` each image's content key is written, of what was decoded.
        """
        started = time.perf_counter()
        extract, image_size = EXTRACTORS[self.kind], SIDES[self.kind]
        data = DataConfig(
            resize=self.resize,  # type: ignore[arg-type]
            max_pixels=self.max_pixels,
            value_range=self.value_range,
        )
        width = len(extract(np.zeros((image_size, image_size, 3), np.uint8)))
        values = np.empty((len(paths), width), np.float32)

        def fill(start: int) -> None:
            for row, path in enumerate(paths[start : start + CHUNK], start):
                image, key = decode_with_key(path, image_size, data)
                values[row] = extract(image)
                if keys is not None:
                    keys[row] = key

        starts = range(0, len(paths), CHUNK)
        for _ in track(in_threads(fill, starts), len(starts), doing=f"Reading {self.kind}"):
            pass
        return values, time.perf_counter() - started

    @property
    def _facts(self) -> dict[str, Any]:
        """All that decides what is kept."""
        return {
            "features": self.kind,
            "image_size": SIDES[self.kind],
            "resize": self.resize,
            "max_pixels": self.max_pixels,
            "value_range": self.value_range,
            "versions": {
                "transferkit": transferkit.__version__,
                **{name: version(name) for name in ("numpy", "pillow", "scikit-image")},
            },
        }


class BackboneFeatures(PathTransformer):
    """What a frozen backbone says of each image; the arguments are those of the settings.

    The backbone itself is not kept with it: it is made again from its name and weights.
    """

    engine: EngineName = "auto"  # of files from before there was a choice
    digest: str = ""  # the same

    def __init__(
        self,
        backbone: str = "mobilenet_v2",
        weights: str = "imagenet",
        pooling: str = "auto",
        *,
        image_sizes: tuple[int, ...] = (),
        precision: PrecisionName = "auto",
        engine: EngineName = "auto",
        image_size: int | None = None,
        resize: str = "squash",
        max_pixels: int = MOST_PIXELS,
        value_range: tuple[float, ...] = (),
        cache_gb: float = CACHE_SIZE,
        digest: str = "",
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.pooling = pooling
        self.image_sizes = image_sizes
        self.precision = precision
        self.engine = engine
        self.image_size = image_size
        self.resize = resize
        self.max_pixels = max_pixels
        self.value_range = value_range
        self.cache_gb = cache_gb
        self.digest = digest

    def fit(self, paths: Sequence[str], truth: object = None) -> BackboneFeatures:
        """Keep whose weights these are, where they are from a file: it may be another's one day."""
        self.digest = self._weights_digest()
        return self

    def read(self, paths: Sequence[str]) -> tuple[np.ndarray, float]:
        """`(images, width)` float32, and the seconds of `extract_features`; is fitted then.

        Raises:
            DataError: one of the images cannot be read.
            WeightsError: the weights cannot be had.
            ConfigError: the weights are random, which say nothing.
        """
        from transferkit.features.extract import extract_features  # loads TensorFlow: seconds

        model, data = self._settings()
        found = extract_features(
            model, data, list(paths), precision=self.precision, engine=self.engine
        )
        self.fit(paths)
        return found.values, found.seconds

    def transform(self, paths: Sequence[str]) -> np.ndarray:
        """`(images, width)` float32, from disk where they are kept there.

        Raises:
            WeightsError: the file of weights has become another than that of `fit`.
        """
        from transferkit.features.extract import load_features

        if self.digest and self._weights_digest() not in ("", self.digest):
            raise WeightsError(
                f"The weights in {self.weights!r} are not those that this baseline learnt with: "
                "put those there again, or fit it anew."
            )
        model, data = self._settings()
        return load_features(model, data, list(paths), precision=self.precision, engine=self.engine)

    @property
    def megabytes_beside(self) -> float:
        """The backbone's own weights, in float32."""
        return 4 * find_backbone(self.backbone).parameters / 1e6

    def _weights_digest(self) -> str:
        """The SHA-256 of the file of weights; empty for those that go by a name, or are gone."""
        from transferkit.storage.files import file_digest, stamp

        path = os.path.expanduser(self.weights)
        if self.weights in NAMED or not os.path.isfile(path):
            return ""
        return file_digest(path, stamp(path))

    def _settings(self) -> tuple[ModelConfig, DataConfig]:
        return (
            ModelConfig(self.backbone, self.weights, self.pooling, tuple(self.image_sizes)),  # type: ignore[arg-type]
            DataConfig(
                image_size=self.image_size,
                resize=self.resize,  # type: ignore[arg-type]
                max_pixels=self.max_pixels,
                value_range=self.value_range,
                cache_gb=self.cache_gb,
            ),
        )
