"""Pixels, colour histogram and HOG, as a scikit-learn transformer of images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

import transferkit
from transferkit.baselines.catalog import FEATURES
from transferkit.baselines.extractors import EXTRACTORS
from transferkit.baselines.image_transformer import ImageTransformer
from transferkit.config.settings import MAX_PIXELS, DataConfig
from transferkit.data import decoding
from transferkit.data.decoding.decode import decode_with_key, in_threads
from transferkit.data.quality.file_info import content_keys
from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import FeatureBatch, Table, replace_keys
from transferkit.runtime.progress import track

FORMAT = 1  # to be raised when one of `EXTRACTORS` computes other numbers
CHUNK = 8  # images per task of a thread, since handing a task over takes time too
CACHED = ("hog", "hog_colour")  # 2.4 ms per image; others take as long as decoding
ROWS = 1024  # images that are computed before they are cached
CACHE_SIZE = DataConfig().cache_gb
IMAGE_SIZES = {row.name: row.image_size for row in FEATURES if row.image_size is not None}


class ImageFeatures(ImageTransformer):
    """The features of `kind` (pixels, colour, hog or hog_colour), at the size in the catalog.

    Those of the kinds in `CACHED` are cached on disk, as a backbone's are. `resize`, `max_pixels`
    and `cache_gb` are those of `DataConfig`.
    """

    cache_gb = CACHE_SIZE  # of files from before there was a choice

    def __init__(
        self,
        kind: str = "hog_colour",
        *,
        resize: str = "squash",
        max_pixels: int = MAX_PIXELS,
        value_range: tuple[float, ...] = (),
        cache_gb: float = CACHE_SIZE,
    ) -> None:
        self.kind = kind
        self.resize = resize
        self.max_pixels = max_pixels
        self.value_range = value_range
        self.cache_gb = cache_gb

    @property
    def input_size(self) -> int:
        return IMAGE_SIZES[self.kind]

    def read(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features `(images, width)` float32 and what they cost."""
        if self.kind not in CACHED or not self.cache_gb:
            return FeatureBatch(*self._compute(paths))

        def compute(indices: list[int]) -> Iterator[Batch]:
            for start in range(0, max(len(indices), 1), ROWS):
                part = indices[start : start + ROWS]
                decoded = [b""] * len(part)
                batch = self._compute([paths[index] for index in part], decoded)
                replace_keys(keys, part, decoded)
                yield batch

        keys = content_keys(paths)
        table = Table(self.cache_key, bound=DataConfig(cache_gb=self.cache_gb).cache_bytes)
        return table.read(keys, compute)

    def from_arrays(self, images: np.ndarray) -> np.ndarray:
        return self._extract(lambda row: images[row], len(images))

    def _compute(self, paths: Sequence[str], keys: list[bytes] | None = None) -> Batch:
        """Compute `(images, width)` float32 from the files, and the seconds that it takes.

        Into `keys`, the content key of each image is written, of the bytes that were decoded.
        """
        started, data = time.perf_counter(), self.data

        def decode(row: int) -> np.ndarray:
            image, key = decode_with_key(paths[row], self.input_size, data)
            if keys is not None:
                keys[row] = key
            return image

        return self._extract(decode, len(paths)), time.perf_counter() - started

    def _extract(self, image_at: Callable[[int], np.ndarray], images: int) -> np.ndarray:
        """Return the features of `images` images, each by its index, from a few threads."""
        extract, side = EXTRACTORS[self.kind], self.input_size
        width = len(extract(np.zeros((side, side, 3), np.uint8)))
        values = np.empty((images, width), np.float32)

        def fill(start: int) -> None:
            for row in range(start, min(start + CHUNK, images)):
                values[row] = extract(image_at(row))

        starts = range(0, images, CHUNK)
        for _ in track(in_threads(fill, starts), len(starts), doing=f"Reading {self.kind}"):
            pass
        return values

    @property
    def cache_key(self) -> dict[str, Any]:
        """Everything that decides the features, but for the image."""
        return {
            "format": FORMAT,
            "decoding": decoding.DECODING_FORMAT,
            "features": self.kind,
            "image_size": self.input_size,
            "resize": self.resize,
            "max_pixels": self.max_pixels,
            "value_range": self.value_range,
            "versions": {
                "transferkit": transferkit.__version__,
                **{name: version(name) for name in ("numpy", "pillow", "scikit-image")},
            },
        }
