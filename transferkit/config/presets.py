"""Presets: training settings by one word, from fast to best."""

from __future__ import annotations

import dataclasses
from typing import Any

from transferkit.config.settings import Config
from transferkit.errors import unknown_name

PRESETS: dict[str, dict[str, Any]] = {
    "fast": {"unfreeze": "none"},
    "balanced": {},
    "best": {"unfreeze": "2", "tta": True},
}


def with_preset(config: Config, name: str) -> Config:
    """Return `config` with the training settings of the preset `name`: fast, balanced or best.

    Raises:
        ConfigError: no preset has that name.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **PRESETS[name]))
