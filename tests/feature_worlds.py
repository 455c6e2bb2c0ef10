"""Specifications of features by the settings of a test."""

from __future__ import annotations

import dataclasses
from typing import Any

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import Config
from transferkit.features.spec import FeatureSpec


def spec_of(config: Config, **compute: Any) -> FeatureSpec:
    """The specification of `config`, of which the settings `compute` are replaced."""
    return FeatureSpec.from_config(
        dataclasses.replace(
            config,
            model=resolve_model(config.model),
            compute=dataclasses.replace(config.compute, **compute),
        )
    )
