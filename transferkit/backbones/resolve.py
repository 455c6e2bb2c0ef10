"""Resolution of the model settings: which backbone, weights and pooling "auto" stands for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import BackboneSpec
from transferkit.config.settings import ModelConfig
from transferkit.runtime.progress import log

PREFERRED, EMBEDDED = "mobilenet_v2", "pocket"  # meanings of auto, the second one offline
NAMED = ("imagenet", "embedded", "none")  # values of the setting `weights` that are no file
_given_up: set[str] = set()  # addresses that failed: a process asks each once


def possible_backbones(model: ModelConfig) -> tuple[BackboneSpec, ...]:
    """Return the backbones that the setting can mean, the preferred one first.

    Raises:
        ConfigError: no backbone is called so.
    """
    if model.backbone != "auto":
        return (find_backbone(model.backbone),)
    preferred, embedded = find_backbone(PREFERRED), find_backbone(EMBEDDED)
    if model.weights == "imagenet":
        return preferred, embedded
    return (embedded,) if model.weights == "embedded" else (preferred,)


def resolve_backbone(
    model: ModelConfig, *, on_answer: Callable[[], object] | None = None
) -> ModelConfig:
    """Return `model` with the name of a backbone in place of auto.

    Weights that are not in Keras' cache are downloaded into it, in one attempt; where they cannot
    be had the embedded backbone is taken, which is logged once. `on_answer` is called once a server
    has answered, before Keras is loaded.

    Raises:
        ConfigError: no backbone is called so.
    """
    row, *others = possible_backbones(model)
    if others and not _can_be_had(row, others[0], on_answer):
        row = others[0]
    return model if row.name == model.backbone else dataclasses.replace(model, backbone=row.name)


def resolve_model(
    model: ModelConfig, *, on_answer: Callable[[], object] | None = None
) -> ModelConfig:
    """Return `model` with its backbone, weights and pooling named: nothing of them is left to auto.

    The weights of a file are an absolute path. `on_answer` is as in `resolve_backbone`.

    Raises:
        ConfigError: no backbone is called so.
    """
    model = resolve_backbone(model, on_answer=on_answer)
    pooling: Any = model.pooling
    if pooling == "auto":
        pooling = find_backbone(model.backbone).pooling
    weights = starting_weights(model)
    if weights not in NAMED:
        weights = str(Path(weights).expanduser().absolute())
    return dataclasses.replace(model, weights=weights, pooling=pooling)


def require_resolved(model: ModelConfig) -> None:
    """Raise `AssertionError` where the caller has left out `resolve_model`."""
    for setting in ("backbone", "pooling"):
        if getattr(model, setting) == "auto":
            raise AssertionError(
                f"The setting {setting!r} is still 'auto': resolve_model(config.model) has to be "
                "called before this."
            )


def starting_weights(model: ModelConfig) -> str:
    """Return the setting `weights`; the default of imagenet means what the backbone has.

    That is embedded for a row whose weights come with the package, none for a row without any.
    """
    row = possible_backbones(model)[0]
    if model.weights != "imagenet" or row.weights_path:
        return model.weights
    return "embedded" if row.embedded else "none"


def is_pretrained(model: ModelConfig) -> bool:
    """Whether the backbone starts from pretrained weights."""
    return starting_weights(model) != "none"


def _can_be_had(
    row: BackboneSpec, spare: BackboneSpec, on_answer: Callable[[], object] | None
) -> bool:
    """Whether the ImageNet weights of `row` are there now; if not, log that `spare` is used."""
    from transferkit.backbones.weights import address_of, cached_file, download_into_cache

    if cached_file(row):
        return True
    address = address_of(row)
    if address in _given_up:
        return False
    try:
        download_into_cache(row, attempts=1, on_answer=on_answer)
    except OSError as error:
        _given_up.add(address)
        log(
            "No ImageNet weights in the cache and none from the network: "
            f"using {spare.name} ({spare.image_size} px). For {row.name}, {error}."
        )
        return False
    return True
