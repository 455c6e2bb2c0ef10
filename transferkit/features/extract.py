"""Features of images from a frozen, pretrained backbone: extracted once, for all classifiers."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from transferkit.config.settings import DataConfig, EngineName, ModelConfig, PrecisionName
from transferkit.data.augmentation.views import View
from transferkit.data.quality.file_info import content_keys
from transferkit.errors import ConfigError
from transferkit.features.cache.shard import round_to_float16
from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import FeatureBatch, count_saved, replace_keys
from transferkit.features.extractor_pool import forward_for
from transferkit.features.spec import FeatureSpec
from transferkit.inference.engine import Outputs, choose_engine
from transferkit.inference.predictor import BatchPredictor
from transferkit.runtime.progress import log
from transferkit.storage.files import stamp

MAX_READINGS = (
    8  # readings held in memory: train, validation and test of two backbones, and some to spare
)


@dataclasses.dataclass(frozen=True)
class Features:
    """`values` is `(images, width)` float32; `seconds` is what reading and computing them took.

    It is the same whether they were computed now or are kept from an earlier run; the time of
    building the network is not in it.
    """

    values: np.ndarray
    seconds: float


def extract_features(
    model: ModelConfig,
    data: DataConfig,
    paths: Sequence[str],
    *,
    precision: PrecisionName = "auto",
    engine: EngineName = "auto",
    view: View | None = None,
    quiet: bool = False,
) -> Features:
    """The pooled features of each file, in order; those of the same files are read only once.

    `precision` and `engine` are those of `TrainConfig`; with a `view` they are that view's. How
    many were kept from before is said, unless `quiet`.

    Raises:
        ConfigError: the backbone has random weights, which say nothing twice.
        DeviceError: the engine is not installed.
    """
    source = FeatureSpec.of(model, data, precision=precision, engine=engine, view=view)
    if not source.pretrained:
        raise ConfigError(
            f"The frozen features of {source.model.backbone!r} were asked for with --weights none: "
            "random weights say nothing; give --weights imagenet or a file."
        )
    stamps = hashlib.sha256()
    for path in (source.model.weights, *paths):
        stamps.update(repr(stamp(path)).encode())
    asked = _read.cache_info().misses
    reading = _read(source, tuple(paths), stamps.digest())
    if reading.kept and not quiet and _read.cache_info().misses > asked:
        log(f"Features of {reading.kept:,} of {len(paths):,} images were kept from before.")
    return Features(reading.values, reading.seconds)


def load_features(
    model: ModelConfig,
    data: DataConfig,
    paths: Sequence[str],
    *,
    precision: PrecisionName = "auto",
    engine: EngineName = "auto",
) -> np.ndarray:
    """`(images, width)` float32: as `extract_features`, from disk or computed, not from memory.

    What was not computed is counted in `saved_seconds`.
    """
    reading = _recall(FeatureSpec.of(model, data, precision=precision, engine=engine), paths)
    count_saved(reading.kept_seconds)
    return reading.values


class OtherEngineError(Exception):
    """What is computed would be of another engine than the table that it is for."""

    def __init__(self, identity: str) -> None:
        super().__init__(identity)
        self.identity = identity


def batches_of(
    forward: BatchPredictor,
    source: FeatureSpec,
    paths: Sequence[str],
    *,
    keys: list[bytes] | None = None,
) -> Iterator[tuple[Outputs, float]]:
    """The outputs of each batch and its seconds, those of who takes them left out.

    In `keys` those of the images' content are written as they are decoded: a file may have changed
    since it was looked up. What is computed in fewer than 32 bits is
    rounded to 16, so that it takes half the room.
    """

    def changed(images: np.ndarray, first: int) -> np.ndarray:
        assert source.view is not None
        assert keys is not None
        return source.view.of(images, keys[first : first + len(images)])

    doing = f"Reading with {source.model.backbone}"
    if source.view is not None:
        doing += f", view {source.view.number}"
    change = changed if source.view is not None else None
    started = time.perf_counter()
    for outputs in forward.stream(paths, source.data, doing=doing, change=change, keys=keys):
        seconds = time.perf_counter() - started
        yield [round_to_float16(each) for each in outputs] if forward.reduced else outputs, seconds
        started = time.perf_counter()


@lru_cache(maxsize=MAX_READINGS)
def _read(source: FeatureSpec, paths: tuple[str, ...], stamps: bytes) -> FeatureBatch:
    """`stamps` is a digest of those of the files: one that has changed is read anew."""
    reading = _recall(source, paths)
    reading.values.setflags(write=False)  # it is shared
    return reading


def _recall(source: FeatureSpec, paths: Sequence[str]) -> FeatureBatch:
    """The features of `paths`: those that are kept on disk, and the others computed and kept."""
    keys = content_keys(paths) if source.keeps or source.view is not None else []
    identity = choose_engine(source.engine, source.bits).identity

    def compute(places: list[int]) -> Iterator[Batch]:
        forward = forward_for(source)
        chosen = [paths[place] for place in places]
        forward.settle(chosen, source.data)
        if source.keeps and forward.identity != identity:
            raise OtherEngineError(forward.identity)
        if not chosen:
            yield np.empty((0, forward.width), np.float32), 0.0
        decoded, done = ([b""] * len(places) if keys else None), 0
        for (*_, values), seconds in batches_of(forward, source, chosen, keys=decoded):
            part = slice(done, done := done + len(values))
            replace_keys(keys, places[part], (decoded or [])[part])
            yield values, seconds

    if not source.keeps:
        batches = list(compute(list(range(len(paths)))))
        values = np.concatenate([values for values, _ in batches])
        return FeatureBatch(values, sum(seconds for _, seconds in batches))
    while True:
        try:
            return source.table(identity).read(keys, compute)
        except OtherEngineError as other:  # which may be given up for another, but not for ever
            identity = other.identity
