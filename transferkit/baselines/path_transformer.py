"""A scikit-learn transformer of the paths of images, the first step of a baseline's pipeline.

It takes paths, so that a whole pipeline does: one decoding policy, and one image per thread in
memory, however many there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from transferkit.features.cache.table import FeatureBatch


class PathTransformer(TransformerMixin, BaseEstimator, ABC):
    """Transformer of image paths to features; it learns nothing from the data.

    `resize`, `max_pixels` and `value_range` are those of `DataConfig`.
    """

    resize: str
    max_pixels: int
    value_range: tuple[float, ...] = ()  # of files from before there was a choice

    def fit(self, paths: Sequence[str], truth: object = None) -> PathTransformer:
        """Do nothing; scikit-learn requires the method."""
        return self

    def transform(self, paths: Sequence[str]) -> np.ndarray:
        """`(images, width)` float32.

        Raises:
            DataError: one of the images cannot be read.
        """
        return self.load(paths).values

    @abstractmethod
    def read(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features to learn from, and what they cost."""

    def load(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features to predict from, and what they cost."""
        return self.read(paths)

    def __sklearn_is_fitted__(self) -> bool:
        return True
