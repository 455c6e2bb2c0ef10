"""A scikit-learn transformer of images, the first step of a baseline's pipeline.

It takes paths, so that a whole pipeline does: one decoding policy, and one image per thread in
memory, however many there are. Images in memory go the same way from their pixels on.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.in_memory import ImageSource, as_paths, as_pixels
from transferkit.features.cache.table import FeatureBatch


class ImageTransformer(TransformerMixin, BaseEstimator, ABC):
    """Transformer of images to features; it learns nothing from the data.

    `resize`, `max_pixels` and `value_range` are those of `DataConfig`.
    """

    resize: str
    max_pixels: int
    value_range: tuple[float, ...] = ()  # of files from before there was a choice

    @property
    def data(self) -> DataConfig:
        """The settings that images are decoded by."""
        return DataConfig(
            resize=self.resize,  # type: ignore[arg-type]
            max_pixels=self.max_pixels,
            value_range=self.value_range,
        )

    @property
    @abstractmethod
    def input_size(self) -> int:
        """Pixels along each side of the decoded images."""

    def fit(self, paths: Sequence[str], labels: object = None) -> ImageTransformer:
        """Do nothing; scikit-learn requires the method."""
        return self

    def transform(self, images: Sequence[ImageSource]) -> np.ndarray:
        """`(images, width)` float32; `images` are as in `Baseline.probabilities`.

        Raises:
            DataError: one of the images cannot be read.
        """
        return self.load(images).values

    def load(self, images: Sequence[ImageSource]) -> FeatureBatch:
        """Return the features to predict from, and what they cost; those of files are cached."""
        paths = as_paths(images)
        if paths is not None:
            return self.load_files(paths)
        started = time.perf_counter()
        values = self.from_arrays(as_pixels(images, self.input_size, self.data))
        return FeatureBatch(values, time.perf_counter() - started)

    def load_files(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features of files to predict from, and what they cost."""
        return self.read(paths)

    @abstractmethod
    def read(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features of files to learn from, and what they cost."""

    @abstractmethod
    def from_arrays(self, images: np.ndarray) -> np.ndarray:
        """Return the features of decoded images `(images, input_size, input_size, 3)` uint8."""

    def __sklearn_is_fitted__(self) -> bool:
        return True
