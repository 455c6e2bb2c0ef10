"""How the pixels of a file become activations, and everything that decides what those are."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import PIL

import transferkit
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, resolve_backbone, rooted_weights
from transferkit.backbones.spec import STAGES, input_size, pooling_of
from transferkit.backbones.weights import weights_path
from transferkit.config.settings import DataConfig, EngineName, ModelConfig, PrecisionName
from transferkit.data.augmentation.views import View
from transferkit.features.cache.table import Table
from transferkit.inference.devices import Precision, resolve_precision
from transferkit.storage.files import file_digest, stamp

FORMAT = 1  # of what is kept on disk: another number makes all of it unknown


@dataclasses.dataclass(frozen=True)
class FeatureSpec:
    """A frozen backbone with its way of decoding and computing; `view` is what it is shown.

    `model` and `data` have the settings that decide what it says, and the others as they come.
    """

    model: ModelConfig
    data: DataConfig
    precision: PrecisionName = "auto"
    engine: EngineName = "auto"
    view: View | None = None

    @classmethod
    def of(
        cls,
        model: ModelConfig,
        data: DataConfig,
        *,
        precision: PrecisionName = "auto",
        engine: EngineName = "auto",
        view: View | None = None,
    ) -> FeatureSpec:
        """The source that these settings describe."""
        model = resolve_backbone(model)
        return cls(_below_the_head(model), _decoding(data), precision, engine, view)

    @property
    def pretrained(self) -> bool:
        """Whether it says the same in another run."""
        return is_pretrained(self.model)

    @property
    def bits(self) -> Precision:
        return resolve_precision(self.precision)

    @property
    def bound(self) -> int:
        """Bytes on disk for what is kept of all sources; of random weights nothing is."""
        return self.data.cache_bytes if self.pretrained else 0

    @property
    def keeps(self) -> bool:
        """Whether what it says is kept on disk."""
        return self.bound > 0

    @property
    def plain(self) -> FeatureSpec:
        """The same, shown the images as they are."""
        return dataclasses.replace(self, view=None)

    def table(self, identity: str, **more: Any) -> Table:
        """Where what it says is kept, if the engine with this `identity` computes it.

        `more` is what else decides it.
        """
        view = {} if self.view is None else {"view": self.view.facts}
        return Table(self._facts | {"engine": identity} | view | more, bound=self.bound)

    @property
    def _facts(self) -> dict[str, Any]:
        model, data = self.model, self.data
        row = find_backbone(model.backbone)
        weights = weights_path(row, model.weights)
        return {
            "format": FORMAT,
            "backbone": row.name,
            "weights": file_digest(str(weights), stamp(str(weights))),
            "preprocessing": row.preprocessing,
            "pooling": model.pooling,
            "stages": row.stages if model.pooling in STAGES else (),
            "image_size": input_size(row, data.image_size, model.image_sizes),
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


def _decoding(data: DataConfig) -> DataConfig:
    """The settings that decide the pixels, and what may be kept; the others as they come."""
    return DataConfig(
        image_size=data.image_size,
        resize=data.resize,
        max_pixels=data.max_pixels,
        value_range=data.value_range,
        cache_gb=data.cache_gb,
    )


def _below_the_head(model: ModelConfig) -> ModelConfig:
    """The settings that decide the features, in one way of saying them; the head's as they come."""
    return ModelConfig(
        backbone=model.backbone,
        weights=rooted_weights(model),
        pooling=pooling_of(find_backbone(model.backbone), model.pooling),  # type: ignore[arg-type]
        image_sizes=model.image_sizes,
    )
