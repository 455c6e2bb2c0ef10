"""Resolution of the model settings: which weights and pooling are meant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from transferkit.backbones.catalog import find_backbone
from transferkit.config.settings import ModelConfig

NAMED = ("imagenet", "embedded", "none")  # values of the setting `weights` that are no file


def resolve_model(model: ModelConfig) -> ModelConfig:
    """Return `model` with its weights and its pooling named: nothing of them is left to auto.

    The weights of a file are an absolute path.

    Raises:
        ConfigError: no backbone is called so.
    """
    pooling: Any = model.pooling
    if pooling == "auto":
        pooling = find_backbone(model.backbone).pooling
    weights = starting_weights(model)
    if weights not in NAMED:
        weights = str(Path(weights).expanduser().absolute())
    return dataclasses.replace(model, weights=weights, pooling=pooling)


def require_resolved(model: ModelConfig) -> None:
    """Raise `AssertionError` where the caller has left out `resolve_model`."""
    if model.pooling == "auto":
        raise AssertionError(
            "The setting 'pooling' is still 'auto': resolve_model(config.model) has to be called "
            "before this."
        )


def starting_weights(model: ModelConfig) -> str:
    """Return the setting `weights`; the default of imagenet means what the backbone has.

    That is embedded for a row whose weights come with the package, none for a row without any.
    """
    row = find_backbone(model.backbone)
    if model.weights != "imagenet" or row.has_imagenet_weights:
        return model.weights
    return "embedded" if row.embedded else "none"


def is_pretrained(model: ModelConfig) -> bool:
    """Whether the backbone starts from pretrained weights."""
    return starting_weights(model) != "none"
