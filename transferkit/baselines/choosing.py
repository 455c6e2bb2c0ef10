"""Which of the baselines fit the settings: there is a reason to leave some of them out."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.backbones.resolve import is_pretrained
from transferkit.baselines.catalog import DEFAULT_BASELINES, find_baseline
from transferkit.config.settings import Config


def suitable_baselines(config: Config, names: Sequence[str] = DEFAULT_BASELINES) -> list[str]:
    """`names` without those on the backbone's features, where its weights are random.

    Raises:
        ConfigError: no baseline, or no backbone, is called so.
    """
    pretrained = is_pretrained(config.model)
    rows = [find_baseline(name) for name in names]
    return [
        row.name
        for row in rows
        if pretrained or row.features is None or row.features.name != "backbone"
    ]
