"""What the frozen, pretrained backbone says of images: read once, for the head and the classics."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import PIL

import transferkit
from transferkit.backbones.row import input_side
from transferkit.backbones.start import choose_backbone, is_pretrained, starting_weights
from transferkit.backbones.table import find_backbone
from transferkit.backbones.weights import weights_path
from transferkit.config import DataConfig, ModelConfig, Precision
from transferkit.data.files import content_keys
from transferkit.errors import ConfigError
from transferkit.progress import say
from transferkit.training.activations import Reading, Table, count_saved
from transferkit.training.blocks import rounded
from transferkit.training.devices import choose_bits
from transferkit.training.forward import Forward, identity
from transferkit.training.models import build_extractor
from transferkit.training.shelf import Batch

KEPT = 8  # readings held in memory: train, validation and test of two backbones, and some to spare
FORMAT = 1  # of what is kept on disk: another number makes all of it unknown
GIGABYTE = 10**9


@dataclasses.dataclass(frozen=True)
class Features:
    """`values` is `(images, width)` float32; `seconds` is what reading and computing them took.

    It is the same whether they were computed now or are kept from an earlier run; the time of
    building the network is not in it.
    """

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
    model = choose_backbone(model)
    if not is_pretrained(model):
        raise ConfigError(
            f"The frozen features of {model.backbone!r} were asked for with --weights none: "
            "random weights say nothing; give --weights imagenet or a file."
        )
    stamps = tuple(map(_stamp, [model.weights, *paths]))
    return _read(_below_the_head(model), _decoding(data), tuple(paths), precision, stamps)


def read_features(
    model: ModelConfig, data: DataConfig, paths: Sequence[str], *, precision: Precision = "auto"
) -> np.ndarray:
    """`(images, width)` float32: as `frozen_features`, from disk or computed, not from memory.

    What was not computed is counted in `saved_seconds`.
    """
    model = _below_the_head(choose_backbone(model))
    reading = _recall(model, _decoding(data), paths, precision)
    count_saved(reading.kept_seconds)
    return reading.values


@lru_cache(maxsize=KEPT)
def _read(
    model: ModelConfig,
    data: DataConfig,
    paths: tuple[str, ...],
    precision: Precision,
    stamps: tuple[tuple[int, int], ...],
) -> Features:
    """`stamps` are those of the files: one that has changed under its name is read anew."""
    reading = _recall(model, data, paths, precision)
    if reading.kept:
        say(f"Features of {reading.kept:,} of {len(paths):,} images were kept from before.")
    reading.values.setflags(write=False)  # it is shared
    return Features(reading.values, reading.seconds)


def _recall(
    model: ModelConfig, data: DataConfig, paths: Sequence[str], precision: Precision
) -> Reading:
    """The features of `paths`: those that are kept on disk, and the others computed and kept.

    What is computed in 16 bits has the digits of 16 bits, so that it takes half the room.
    """
    bits = choose_bits(precision)

    def compute(places: list[int]) -> Iterator[Batch]:
        with bits.fast():
            forward = _compiled(model, data.side, precision)
            started = time.perf_counter()
            chosen = [paths[place] for place in places]
            values = forward(chosen, data, doing=f"Reading with {model.backbone}")
        yield rounded(values) if bits.sixteen else values, time.perf_counter() - started

    bound = int(data.cache_size * GIGABYTE)
    if not bound or not is_pretrained(model):
        [(values, seconds)] = compute(list(range(len(paths))))
        return Reading(values, seconds)
    return Table(_facts(model, data, precision), bound=bound).read(content_keys(paths), compute)


@lru_cache(maxsize=2)
def _compiled(model: ModelConfig, side: int | None, precision: Precision) -> Forward:
    bits = choose_bits(precision)
    with bits.building():
        forward = Forward(build_extractor(model, side))
    with bits.fast():
        forward.warm_up()
    return forward


def _facts(model: ModelConfig, data: DataConfig, precision: Precision) -> dict[str, Any]:
    """Everything but the image that decides its features."""
    row = find_backbone(model.backbone)
    side = input_side(row, data.side, model.sides)
    pooling = row.pooling if model.pooling == "auto" else model.pooling
    weights = weights_path(row, starting_weights(model))
    return {
        "format": FORMAT,
        "backbone": row.name,
        "weights": _digest(str(weights), _stamp(str(weights))),
        "preprocessing": row.preprocessing,
        "pooling": pooling,
        "stages": row.stages if pooling == "stages" else (),
        "side": side,
        "sides": model.sides,
        "resize": data.resize,
        "max_pixels": data.max_pixels,
        "engine": identity(choose_bits(precision)),
        "versions": {
            "transferkit": transferkit.__version__,
            "keras": keras.__version__,
            "pillow": PIL.__version__,
        },
    }


@lru_cache(maxsize=KEPT)
def _digest(path: str, stamp: tuple[int, int]) -> str:
    """The SHA-256 of the file `path`, which had this `stamp`."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _decoding(data: DataConfig) -> DataConfig:
    """The settings that decide the pixels, and what may be kept; the others as they come."""
    return DataConfig(
        side=data.side,
        resize=data.resize,
        max_pixels=data.max_pixels,
        cache_size=data.cache_size,
    )


def _below_the_head(model: ModelConfig) -> ModelConfig:
    """The settings that decide the features, those of the head as they come."""
    return ModelConfig(
        backbone=model.backbone,
        weights=model.weights,
        pooling=model.pooling,
        sides=model.sides,
    )


def _stamp(path: str) -> tuple[int, int]:
    """When the file was last changed, in nanoseconds, and its bytes; zeros where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
