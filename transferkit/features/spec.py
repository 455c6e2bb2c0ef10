"""Specification of features: the backbone, the decoding and the computing that decide them."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import PIL

import transferkit
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, require_resolved
from transferkit.backbones.spec import STAGES, input_size
from transferkit.backbones.weights import weights_path
from transferkit.config.settings import Config, DataConfig, EngineName, ModelConfig, PrecisionName
from transferkit.data import decoding
from transferkit.data.augmentation.views import View
from transferkit.features.cache.table import Table
from transferkit.inference.devices import Precision, resolve_precision
from transferkit.inference.engine import EngineSpec, choose_engine
from transferkit.inference.predictor import BatchPredictor
from transferkit.storage.files import file_digest, stamp

FORMAT = 1
"""To be raised when the same key would mean other features: after a change of a network, of its
preprocessing or pooling, of augmentation, or of how shards are written."""


@dataclasses.dataclass(frozen=True)
class FeatureSpec:
    """A frozen backbone with its way of decoding and computing; `view` is how images are augmented.

    `model` and `data` have the settings that decide the features, and the defaults of all others,
    so that equal features have equal specifications. `image_size` is that of the decoded images.
    """

    model: ModelConfig
    image_size: int
    data: DataConfig
    precision: PrecisionName = "auto"
    engine: EngineName = "auto"
    view: View | None = None

    @classmethod
    def from_config(cls, config: Config) -> FeatureSpec:
        """Return the specification of the features of plain images.

        `config.model` has to be resolved, by `resolve_model`.

        Raises:
            ConfigError: the network cannot look at images of that side.
        """
        model, data, compute = config.model, config.data, config.compute
        require_resolved(model)
        return cls(
            ModelConfig(model.backbone, model.weights, model.pooling, model.image_sizes),
            input_size(find_backbone(model.backbone), data.image_size, model.image_sizes),
            DataConfig(
                resize=data.resize,
                max_pixels=data.max_pixels,
                value_range=data.value_range,
                cache_gb=data.cache_gb,
            ),
            compute.precision,
            compute.engine,
        )

    @property
    def pretrained(self) -> bool:
        """Whether the features are the same in another run."""
        return is_pretrained(self.model)

    @property
    def resolved_precision(self) -> Precision:
        """The precision on the devices that are visible."""
        return resolve_precision(self.precision)

    @property
    def engine_spec(self) -> EngineSpec:
        """The engine on the devices that are visible.

        Raises:
            DeviceError: it is not installed.
        """
        return choose_engine(self.engine, self.resolved_precision)

    @property
    def cache_bytes(self) -> int:
        """The bound of the cache on disk; 0 for random weights, whose features are not cached."""
        return self.data.cache_bytes if self.pretrained else 0

    def with_view(self, view: View | None) -> FeatureSpec:
        """Return the specification of the features of images that are augmented by `view`."""
        return dataclasses.replace(self, view=view)

    def compiled(self, model: keras.Model) -> BatchPredictor:
        """Return `model`, the backbone or part of it, compiled for inference by these settings."""
        return BatchPredictor(
            model, self.engine, precision=self.resolved_precision, bound=self.cache_bytes
        )

    def cache_table(self, engine_key: str, **more: Any) -> Table:
        """Return the table of what the engine with this cache key computes.

        `more` is what else can change the values.
        """
        view = {} if self.view is None else {"view": self.view.facts}
        cache_key = self._cache_key | {"engine": engine_key} | view | more
        return Table(cache_key, bound=self.cache_bytes)

    @property
    def _cache_key(self) -> dict[str, Any]:
        """Everything that decides the features, but for the image, its view and the engine."""
        model, data = self.model, self.data
        row = find_backbone(model.backbone)
        weights = weights_path(row, model.weights)
        return {
            "format": FORMAT,
            "decoding": decoding.DECODING_FORMAT,
            "backbone": row.name,
            "weights": file_digest(str(weights), stamp(str(weights))),
            "preprocessing": row.preprocessing,
            "pooling": model.pooling,
            "stages": row.stages if model.pooling in STAGES else (),
            "image_size": self.image_size,
            "image_sizes": model.image_sizes,
            "resize": data.resize,
            "max_pixels": data.max_pixels,
            "value_range": data.value_range,
            "versions": {
                "transferkit": transferkit.__version__,
                "keras": keras.__version__,
                "pillow": PIL.__version__,
            },
        }
