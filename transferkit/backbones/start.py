"""From which weights a network starts: the setting `weights` beside the row of its backbone."""

from __future__ import annotations

from transferkit.backbones.table import find_backbone
from transferkit.config import ModelConfig


def starting_weights(model: ModelConfig) -> str:
    """The setting `weights`, where the default of imagenet means none for a row without any."""
    scratch = model.weights == "imagenet" and not find_backbone(model.backbone).pretrained
    return "none" if scratch else model.weights


def is_pretrained(model: ModelConfig) -> bool:
    """Whether the backbone starts from learnt weights."""
    return starting_weights(model) != "none"
