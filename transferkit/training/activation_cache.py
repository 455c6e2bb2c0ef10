"""Cached activations at the input of the trainable blocks, memory-mapped in every epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from transferkit.data.augmentation.views import View, views_of
from transferkit.data.quality.file_info import content_keys
from transferkit.features.cache.shard import round_to_float16
from transferkit.features.cache.store import Batch, ShardWriter
from transferkit.features.cache.table import MappedFeatures
from transferkit.features.extract import computed_batches, resolve_engine_key
from transferkit.features.spec import FeatureSpec
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.split import SplitClassifier, split_at
from transferkit.runtime.progress import log
from transferkit.training.state import CachedActivations, TrainingState


def cache_activations(state: TrainingState) -> CachedActivations | None:
    """Cache the activations that enter the last `state.blocks` blocks, for all its images.

    None if fine-tuning decodes images in each epoch; if no setting asked for that, it is logged.
    """
    config = state.config
    if (
        not state.pretrained
        or not 0 < state.blocks < len(state.backbone.blocks)
        or config.train.cached_views == "every"
    ):
        return None
    if config.train.mix == "cutmix":
        log("Each epoch of fine-tuning runs the whole network, since cutmix blends pixels.")
        return None
    with state.device.building():
        halves = split_at(state.classifier, config.model, state.blocks)
    views = views_of(config.train)
    images = len(set(state.train.paths)) * (1 + len(views)) + len(set(state.validation.paths))
    started = time.perf_counter()
    size = 2 * images * halves.width
    fits = size < config.data.cache_bytes
    reader = ActivationReader(halves, state.feature_spec)
    rows = _read_all(state, reader, views) if fits else None
    if rows is None:
        reason = "cannot all be cached"
        if not fits:
            reason = f"take {size / 1e9:.1f} GB, and --cache-gb is {config.data.cache_gb:g}"
        log(
            f"The activations before {halves.layer} of {images:,} images and views {reason}: each "
            "epoch decodes the images and runs the whole network."
        )
        return None
    cached = sum(part.cached for part in (*rows.train, rows.validation))
    if cached:
        log(f"Activations of {cached:,} of {images:,} images come from the cache.")
    spent = time.perf_counter() - started
    state.borrowed_seconds += sum(part.seconds for part in (*rows.train, rows.validation)) - spent
    return rows


def _read_all(
    state: TrainingState, reader: ActivationReader, views: Sequence[View]
) -> CachedActivations | None:
    validation = reader.read(state.validation.paths)
    train = [reader.read(state.train.paths, view) for view in (None, *views)]
    if reader.predictor is not None:
        state.pool.put(state.feature_spec, reader.predictor)
    cached = [rows for rows in train if rows is not None]
    if validation is None or len(cached) < len(train):
        return None
    return CachedActivations(reader.halves.above, cached, validation)


class ActivationReader:
    """Reader of the activations at the boundary of `halves`, the network of `spec`.

    The features of the same images, which come out on the way, are cached too.
    """

    def __init__(self, halves: SplitClassifier, spec: FeatureSpec) -> None:
        self.halves, self.spec = halves, spec
        self.predictor: BatchPredictor | None = None

    def read(self, paths: Sequence[str], view: View | None = None) -> MappedFeatures | None:
        """Return the activations of each file, in order; None where the cache has no room."""
        spec, keys = self.spec.with_view(view), content_keys(paths)
        layer, width = self.halves.layer, self.halves.width
        engine_key = self.predictor.spec.cache_key if self.predictor else spec.engine_spec.cache_key
        if not spec.cache_table(engine_key, layer=layer).has_room(keys, width):
            return None
        engine_key = resolve_engine_key(
            spec, paths, keys, predictor=self._compiled, start=engine_key, layer=layer
        )

        def compute(indices: list[int]) -> Iterator[Batch]:
            predictor = self._compiled()
            batches = computed_batches(
                spec, paths, indices, predictor=predictor, keys=keys, engine_key=engine_key
            )
            with ShardWriter(spec.cache_table(engine_key).store) as features:
                for (activations, vectors), part, seconds in batches:
                    features.add([keys[index] for index in part], (vectors, seconds))
                    yield round_to_float16(activations), seconds  # 16 bits are enough to learn from

        return spec.cache_table(engine_key, layer=layer).map(keys, compute, width=width)

    def _compiled(self) -> BatchPredictor:
        if self.predictor is None:
            self.predictor = self.spec.compiled(self.halves.below)
        return self.predictor
