"""Features of a frozen backbone, as a scikit-learn transformer of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import NAMED, resolve_model
from transferkit.baselines.image_features import CACHE_SIZE
from transferkit.baselines.image_transformer import ImageTransformer
from transferkit.config.settings import (
    MAX_PIXELS,
    ComputeConfig,
    Config,
    DataConfig,
    EngineName,
    ModelConfig,
    PrecisionName,
)
from transferkit.data.decoding.in_memory import ImageSource
from transferkit.errors import WeightsError
from transferkit.features.cache.table import FeatureBatch

if TYPE_CHECKING:
    from transferkit.features.spec import FeatureSpec


class BackboneFeatures(ImageTransformer):
    """Features of a frozen backbone; the arguments are those of the settings.

    The backbone itself is not saved: it is built again from its name and weights.
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
        max_pixels: int = MAX_PIXELS,
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

    def fit(self, paths: Sequence[str], labels: object = None) -> BackboneFeatures:
        """Note the digest of the weights, where they are a file: it may be replaced one day."""
        self.digest = self._weights_digest()
        return self

    def read(self, paths: Sequence[str]) -> FeatureBatch:
        """Return the features as `extract_features` does, and fit.

        Raises:
            DataError: one of the images cannot be read.
            WeightsError: the weights are not available.
            ConfigError: the weights are random, so the features would be noise.
        """
        from transferkit.features.extract import extract_features  # loads TensorFlow: seconds

        features = extract_features(self._feature_spec(), list(paths))
        self.fit(paths)
        return features

    def load(self, images: Sequence[ImageSource]) -> FeatureBatch:
        """Return the features, those of files from the cache where they are in it.

        Raises:
            WeightsError: the file of weights is another than at `fit`.
        """
        if self.digest and self._weights_digest() not in ("", self.digest):
            raise WeightsError(
                f"The weights in {self.weights!r} are not those that this baseline was fitted "
                "with: put those there again, or fit it anew."
            )
        return super().load(images)

    def load_files(self, paths: Sequence[str]) -> FeatureBatch:
        from transferkit.features.extract import load_features

        return load_features(self._feature_spec(), paths)

    def from_arrays(self, images: np.ndarray) -> np.ndarray:
        from transferkit.features.extract import extract_from_arrays

        return extract_from_arrays(self._feature_spec(), images)

    @property
    def input_size(self) -> int:
        return self._feature_spec().image_size

    def settings(self) -> Config:
        """Return the arguments as settings.

        Raises:
            ConfigError: one of them is no such setting.
        """
        return Config(
            model=ModelConfig(self.backbone, self.weights, self.pooling, tuple(self.image_sizes)),  # type: ignore[arg-type]
            data=DataConfig(
                image_size=self.image_size,
                resize=self.resize,  # type: ignore[arg-type]
                max_pixels=self.max_pixels,
                value_range=self.value_range,
                cache_gb=self.cache_gb,
            ),
            compute=ComputeConfig(precision=self.precision, engine=self.engine),
        )

    def _feature_spec(self) -> FeatureSpec:
        from transferkit.features.spec import FeatureSpec

        config = self.settings()
        return FeatureSpec.from_config(replace(config, model=resolve_model(config.model)))

    @property
    def megabytes_beside(self) -> float:
        """Megabytes of the backbone's own weights, in float32."""
        return 4 * find_backbone(self.backbone).parameters / 1e6

    def _weights_digest(self) -> str:
        """Return the SHA-256 of the file of weights; empty for named weights, or without a file."""
        from transferkit.storage.files import file_digest, stamp

        path = os.path.expanduser(self.weights)
        if self.weights in NAMED or not os.path.isfile(path):
            return ""
        return file_digest(path, stamp(path))
