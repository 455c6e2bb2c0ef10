"""What the frozen, pretrained backbone says of images: read once, for the head and the classics."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from transferkit.backbones.start import is_pretrained
from transferkit.config import DataConfig, ModelConfig, Precision
from transferkit.errors import ConfigError
from transferkit.training.devices import choose_bits
from transferkit.training.forward import Forward
from transferkit.training.models import build_extractor

KEPT = 8  # readings held in memory: train, validation and test of two backbones, and some to spare


@dataclasses.dataclass(frozen=True)
class Features:
    """`values` is `(images, width)` float32; `seconds` is what the first reading of them took."""

    values: np.ndarray
    seconds: float


def frozen_features(
    model: ModelConfig, data: DataConfig, paths: Sequence[str], *, precision: Precision = "auto"
) -> Features:
    """The pooled features of each file, in order; those of the same files are read only once.

    `precision` is that of `TrainConfig`.

    Raises:
        ConfigError: the backbone has random weights, which say nothing twice.
    """
    if not is_pretrained(model):
        raise ConfigError(
            f"The frozen features of {model.backbone!r} were asked for with --weights none: "
            "random weights say nothing; give --weights imagenet or a file."
        )
    decoding = DataConfig(side=data.side, resize=data.resize, max_pixels=data.max_pixels)
    stamps = tuple(map(_stamp, [model.weights, *paths]))
    return _read(_below_the_head(model), decoding, tuple(paths), precision, stamps)


def read_features(
    model: ModelConfig, data: DataConfig, paths: Sequence[str], *, precision: Precision = "auto"
) -> np.ndarray:
    """`(images, width)` float32: as `frozen_features`, read now and not remembered."""
    with choose_bits(precision).fast():
        forward = _compiled(_below_the_head(model), data.side, precision)
        return forward(paths, data, doing=f"Reading with {model.backbone}")


@lru_cache(maxsize=KEPT)
def _read(
    model: ModelConfig,
    data: DataConfig,
    paths: tuple[str, ...],
    precision: Precision,
    stamps: tuple[tuple[int, int], ...],
) -> Features:
    """`stamps` are those of the files: one that has changed under its name is read anew."""
    started = time.perf_counter()
    values = read_features(model, data, paths, precision=precision)
    values.setflags(write=False)  # it is shared
    return Features(values, time.perf_counter() - started)


@lru_cache(maxsize=2)
def _compiled(model: ModelConfig, side: int | None, precision: Precision) -> Forward:
    with choose_bits(precision).building():
        return Forward(build_extractor(model, side))


def _below_the_head(model: ModelConfig) -> ModelConfig:
    """The settings that decide the features, those of the head as they come."""
    return ModelConfig(backbone=model.backbone, weights=model.weights, pooling=model.pooling)


def _stamp(path: str) -> tuple[int, int]:
    """When the file was last changed, in nanoseconds, and its bytes; zeros where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
