"""The activations at the boundary of what learns, read once and left on disk for every epoch."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence

from transferkit.data.augmentation.views import View, views_of
from transferkit.data.quality.file_info import content_keys
from transferkit.features.cache.mapped import MappedFeatures
from transferkit.features.cache.shard import round_to_float16
from transferkit.features.cache.store import Batch, ShardWriter
from transferkit.features.cache.table import replace_keys
from transferkit.features.extract import OtherEngineError, batches_of
from transferkit.features.extractor_pool import hold
from transferkit.features.spec import FeatureSpec
from transferkit.inference.engine import choose_engine
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.split import SplitClassifier, split_at
from transferkit.runtime.progress import log
from transferkit.training.state import CachedActivations, TrainingState


def cache_activations(fit: TrainingState, blocks: int) -> CachedActivations | None:
    """What enters the last `blocks` blocks, for all images of `fit`, read once and kept.

    None where fine-tuning goes from pixels in each epoch; if that was not asked for, it is said.
    """
    config = fit.config
    if (
        not fit.pretrained
        or not 0 < blocks < len(fit.row.blocks)
        or config.train.cached_views == "every"
    ):
        return None
    if config.train.mix == "cutmix":
        log("Each epoch of fine-tuning runs the whole network: cutmix blends pixels.")
        return None
    with fit.device.building():
        halves = split_at(fit.classifier, config.model, blocks)
    views = views_of(config.train)
    images = len(set(fit.train.paths)) * (1 + len(views)) + len(set(fit.validation.paths))
    started = time.perf_counter()
    size = 2 * images * halves.width
    fits = size < config.data.cache_bytes
    reader = ActivationReader(halves, fit.source)
    rows = _read_all(fit, reader, views) if fits else None
    if rows is None:
        reason = "cannot all be kept"
        if not fits:
            reason = f"takes {size / 1e9:.1f} GB, and --cache-gb is {config.data.cache_gb:g}"
        log(
            f"What enters {halves.layer} of {images:,} images and views {reason}: "
            "each epoch runs the whole network from pixels."
        )
        return None
    kept = sum(each.kept for each in (*rows.train, rows.validation))
    if kept:
        log(f"Activations of {kept:,} of {images:,} images were kept from before.")
    spent = time.perf_counter() - started
    fit.borrowed_seconds += sum(each.seconds for each in (*rows.train, rows.validation)) - spent
    return rows


def _read_all(
    fit: TrainingState, reader: ActivationReader, views: Sequence[View]
) -> CachedActivations | None:
    sources = [dataclasses.replace(fit.source, view=view) for view in (None, *views)]
    validation = reader.read(fit.validation.paths, sources[0])
    train = [reader.read(fit.train.paths, source) for source in sources]
    if reader.forward is not None:
        hold(sources[0], reader.forward)
    kept = [rows for rows in train if rows is not None]
    if validation is None or len(kept) < len(train):
        return None
    return CachedActivations(reader.halves.above, kept, validation)


class ActivationReader:
    """Reads what enters the upper one of `halves`, a network of the settings of `source`.

    The features of the same images, which come out on the way, are cached too.
    """

    def __init__(self, halves: SplitClassifier, source: FeatureSpec) -> None:
        self.halves, self.source = halves, source
        self.forward: BatchPredictor | None = None

    def read(self, paths: Sequence[str], source: FeatureSpec) -> MappedFeatures | None:
        """The activations of each file, in order; None where there is no room to keep them.

        `source` is that of the reader, or a view of it.
        """
        keys = content_keys(paths)
        identity = choose_engine(source.engine, source.bits).identity
        if self.forward is not None:
            identity = self.forward.identity
        while True:
            try:
                return self._from(source, identity, paths, keys)
            except OtherEngineError as other:  # which may be given up for another in turn
                identity = other.identity

    def _from(
        self, source: FeatureSpec, identity: str, paths: Sequence[str], keys: list[bytes]
    ) -> MappedFeatures | None:
        """What is kept of the engine with this `identity`, and the others computed by it."""

        def compute(places: list[int]) -> Iterator[Batch]:
            chosen = [paths[place] for place in places]
            decoded = [b""] * len(places)
            forward = self._settled(chosen)
            if forward.identity != identity:
                raise OtherEngineError(forward.identity)
            done = 0
            with ShardWriter(source.table(identity).shelf) as features:
                found = batches_of(forward, source, chosen, keys=decoded)
                for (rows, vectors), seconds in found:
                    part = slice(done, done := done + len(rows))
                    replace_keys(keys, places[part], decoded[part])
                    features.add([keys[place] for place in places[part]], (vectors, seconds))
                    yield round_to_float16(rows), seconds  # 16 bits are enough to learn from

        table = source.table(identity, layer=self.halves.layer)
        return table.map(keys, compute, width=self.halves.width)

    def _settled(self, paths: Sequence[str]) -> BatchPredictor:
        if self.forward is None:
            source = self.source
            self.forward = BatchPredictor(
                self.halves.below, source.engine, bits=source.bits, bound=source.bound
            )
        self.forward.settle(paths, self.source.data)
        return self.forward
