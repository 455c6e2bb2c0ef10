"""Features of images from a frozen, pretrained backbone: extracted once, for all classifiers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from transferkit.data.augmentation.views import View
from transferkit.data.quality.file_info import content_keys
from transferkit.errors import ConfigError
from transferkit.features.cache.shard import round_to_float16
from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import FeatureBatch, replace_keys
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.features.spec import FeatureSpec
from transferkit.inference.engine import Outputs
from transferkit.inference.predictor import BatchPredictor
from transferkit.runtime.progress import log
from transferkit.storage.files import digest, stamp


def extract_features(
    spec: FeatureSpec,
    paths: Sequence[str],
    *,
    view: View | None = None,
    quiet: bool = False,
    pool: ExtractorPool = DEFAULT_POOL,
) -> FeatureBatch:
    """Return the pooled features of the files `paths`, in order, read-only.

    They come from the memory of `pool`, from disk or from the network, and `seconds` is the same
    wherever they come from; the time of building the network is not in it. With a `view` they are
    those of augmented images. How many were cached on disk is logged, unless `quiet`.

    Raises:
        ConfigError: the backbone has random weights, whose features differ from run to run.
        DeviceError: the engine is not installed.
    """
    spec = spec.with_view(view)
    if not spec.pretrained:
        raise ConfigError(
            f"The frozen features of {spec.model.backbone!r} were asked for with --weights none: "
            "random weights give no useful features; pass --weights imagenet or a file."
        )
    stamps = (repr(stamp(path)).encode() for path in (spec.model.weights, *paths))
    key = spec, tuple(paths), digest(*stamps)  # files that have changed are read anew
    features = pool.recall(key)
    if features is None:
        features = load_features(spec, paths, pool=pool)
        pool.remember(key, features)
        if features.cached and not quiet:
            log(f"Features of {features.cached:,} of {len(paths):,} images come from the cache.")
    return features


def load_features(
    spec: FeatureSpec, paths: Sequence[str], *, pool: ExtractorPool = DEFAULT_POOL
) -> FeatureBatch:
    """Return the features of `paths` from disk, the missing ones computed and cached.

    In contrast to `extract_features` nothing is looked up in memory or held there.
    """
    if not spec.cache_bytes:
        return _compute_all(spec, paths, pool.get(spec))
    keys = content_keys(paths)
    engine_key = resolve_engine_key(spec, paths, keys, predictor=lambda: pool.get(spec))

    def compute(indices: list[int]) -> Iterator[Batch]:
        predictor = pool.get(spec)
        if not indices:
            yield np.empty((0, predictor.width), np.float32), 0.0
        batches = computed_batches(
            spec, paths, indices, predictor=predictor, keys=keys, engine_key=engine_key
        )
        for outputs, _, seconds in batches:
            yield outputs[-1], seconds

    return spec.cache_table(engine_key).read(keys, compute)


def extract_from_arrays(
    spec: FeatureSpec, images: np.ndarray, *, pool: ExtractorPool = DEFAULT_POOL
) -> np.ndarray:
    """Return the features of decoded images, which are those of their files; nothing is cached.

    `images` is `(images, image_size, image_size, 3)` uint8 RGB.
    """
    predictor = pool.get(spec)
    values = predictor.predict_arrays(images)
    return round_to_float16(values) if predictor.spec.precision.reduced else values


def are_cached(spec: FeatureSpec, paths: Sequence[str]) -> bool:
    """Whether `extract_features` would read all of `paths` from disk, computing none.

    Raises:
        DeviceError: the engine is not installed.
    """
    if not spec.cache_bytes or not paths:
        return False
    table = spec.cache_table(spec.engine_spec.cache_key)
    return not table.missing(content_keys(paths))


def resolve_engine_key(
    spec: FeatureSpec,
    paths: Sequence[str],
    keys: Sequence[bytes],
    *,
    predictor: Callable[[], BatchPredictor],
    start: str = "",
    **more: Any,
) -> str:
    """Return the cache key of the engine in whose table these images are, or will be, cached.

    The first candidate is `start`, or the engine of `spec`. An engine is taken if its table has
    all images, or if it passes the parity check on the missing ones. Else its fallback is the next
    candidate; the table of that one may lack other images. `predictor()` is called only where some
    are missing. `more` is as in `FeatureSpec.cache_table`.
    """
    engine_key = start or spec.engine_spec.cache_key
    while missing := spec.cache_table(engine_key, **more).missing(keys):
        network = predictor()
        network.warm_up([paths[index] for index in missing], spec.data)
        if network.spec.cache_key == engine_key:
            break
        engine_key = network.spec.cache_key
    return engine_key


def computed_batches(
    spec: FeatureSpec,
    paths: Sequence[str],
    indices: Sequence[int],
    *,
    predictor: BatchPredictor,
    keys: list[bytes],
    engine_key: str = "",
) -> Iterator[tuple[Outputs, Sequence[int], float]]:
    """Yield (outputs, indices, seconds) per batch; time spent by the consumer is not counted.

    The `keys` at these indices become those of what was decoded, since a file may have changed
    after it was looked up. They become empty, so that nothing is cached, where the engine is
    another than that of `engine_key`: it failed the parity check only now, since rows that were
    there at first have been removed. Outputs computed in fewer than 32 bits are rounded to 16,
    which halves their room on disk.
    """
    decoded = [b""] * len(indices)

    def augmented(images: np.ndarray, first: int) -> np.ndarray:
        assert spec.view is not None
        return spec.view.of(images, decoded[first : first + len(images)])

    chosen, done = [paths[index] for index in indices], 0
    doing = f"Reading with {spec.model.backbone}"
    if spec.view is not None:
        doing += f", view {spec.view.number}"
    change = augmented if spec.view is not None else None
    started = time.perf_counter()
    for outputs in predictor.stream(chosen, spec.data, doing=doing, change=change, keys=decoded):
        seconds = time.perf_counter() - started
        batch = slice(done, done := done + len(outputs[-1]))
        if predictor.spec.cache_key != engine_key:
            decoded[batch] = [b""] * len(outputs[-1])
        replace_keys(keys, indices[batch], decoded[batch])
        if predictor.spec.precision.reduced:
            outputs = [round_to_float16(output) for output in outputs]
        yield outputs, indices[batch], seconds
        started = time.perf_counter()


def _compute_all(
    spec: FeatureSpec, paths: Sequence[str], predictor: BatchPredictor
) -> FeatureBatch:
    predictor.warm_up(paths, spec.data)
    values, total, done = np.empty((len(paths), predictor.width), np.float32), 0.0, 0
    keys = [b""] * len(paths)
    for outputs, indices, seconds in computed_batches(
        spec, paths, range(len(paths)), predictor=predictor, keys=keys
    ):
        values[done : done + len(indices)] = outputs[-1]
        done, total = done + len(indices), total + seconds
    return FeatureBatch(values, total)
