"""The activations at the boundary of what learns, read once and left on disk for every epoch."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from transferkit.data.augmentation.views import View, views_of
from transferkit.data.quality.file_info import content_keys
from transferkit.features.cache.mapped import Mapped
from transferkit.features.cache.shard import rounded
from transferkit.features.cache.store import Batch, Writer
from transferkit.features.cache.table import replace_keys
from transferkit.features.extract import OtherEngineError, batches_of
from transferkit.features.extractor_pool import hold
from transferkit.features.spec import Source
from transferkit.inference.engine import choose_engine
from transferkit.inference.predictor import Forward
from transferkit.models.split import Halves, cut
from transferkit.runtime.progress import Clock, say
from transferkit.training.state import Fit, KeptRows
from transferkit.training.time_estimate import foretell_from_rows

LONG = 30  # seconds of reading, from which it is worth timing what comes after it


def keep_rows(fit: Fit, blocks: int) -> KeptRows | None:
    """What enters the last `blocks` blocks, for all images of `fit`, read once and kept.

    None where fine-tuning goes from pixels in each epoch; if that was not asked for, it is said.
    """
    config = fit.config
    if not fit.pretrained or not 0 < blocks < len(fit.row.blocks) or config.train.views == "every":
        return None
    if config.train.mix == "cutmix":
        say("Each epoch of fine-tuning runs the whole network: cutmix blends pixels.")
        return None
    with fit.device.building():
        halves = cut(fit.classifier, config.model, blocks)
    views = views_of(config.train)
    images = len(set(fit.train.paths)) * (1 + len(views)) + len(set(fit.validation.paths))
    started = time.perf_counter()
    size = 2 * images * halves.width
    fits = size < config.data.cache_bytes
    reader = Reader(
        halves, fit.source, lambda: foretell_from_rows(fit, halves.above, blocks=blocks)
    )
    rows = _read_all(fit, reader, views) if fits else None
    if rows is None:
        reason = "cannot all be kept"
        if not fits:
            reason = f"takes {size / 1e9:.1f} GB, and --cache-size is {config.data.cache_size:g}"
        say(
            f"What enters {halves.layer} of {images:,} images and views {reason}: "
            "each epoch runs the whole network from pixels."
        )
        return None
    kept = sum(each.kept for each in (*rows.train, rows.validation))
    if kept:
        say(f"Activations of {kept:,} of {images:,} images were kept from before.")
    spent = time.perf_counter() - started
    fit.borrowed_seconds += sum(each.seconds for each in (*rows.train, rows.validation)) - spent
    return rows


def _read_all(fit: Fit, reader: Reader, views: Sequence[View]) -> KeptRows | None:
    sources = [dataclasses.replace(fit.source, view=view) for view in (None, *views)]
    validation = reader.read(fit.validation.paths, sources[0])
    train = [reader.read(fit.train.paths, source) for source in sources]
    if reader.forward is not None:
        hold(sources[0], reader.forward)
    kept = [rows for rows in train if rows is not None]
    if validation is None or len(kept) < len(train):
        return None
    return KeptRows(reader.halves.above, kept, validation)


class Reader:
    """Reads what enters the upper one of `halves`, a network of the settings of `source`.

    The features of the same images, which come out on the way, are kept too. Where it will take
    long, `foretell` is called after its first batches, once in all.
    """

    def __init__(self, halves: Halves, source: Source, foretell: Callable[[], None]) -> None:
        self.halves, self.source, self.foretell = halves, source, cache(foretell)
        self.forward: Forward | None = None

    def read(self, paths: Sequence[str], source: Source) -> Mapped | None:
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
        self, source: Source, identity: str, paths: Sequence[str], keys: list[bytes]
    ) -> Mapped | None:
        """What is kept of the engine with this `identity`, and the others computed by it."""

        def compute(places: list[int]) -> Iterator[Batch]:
            chosen = [paths[place] for place in places]
            decoded = [b""] * len(places)
            forward = self._settled(chosen)
            if forward.identity != identity:
                raise OtherEngineError(forward.identity)
            done, long, clock = 0, False, Clock(-(-len(places) // forward.engine.batch))
            with Writer(source.table(identity).shelf) as features:
                found = batches_of(forward, source, chosen, keys=decoded)
                for (rows, vectors), seconds in found:
                    if long:  # and how long has been said
                        self.foretell()
                    part = slice(done, done := done + len(rows))
                    replace_keys(keys, places[part], decoded[part])
                    features.add([keys[place] for place in places[part]], (vectors, seconds))
                    yield rounded(rows), seconds  # 16 bits are enough to learn from
                    long = long or (clock.tick() or 0) >= LONG

        table = source.table(identity, layer=self.halves.layer)
        return table.map(keys, compute, width=self.halves.width)

    def _settled(self, paths: Sequence[str]) -> Forward:
        if self.forward is None:
            source = self.source
            self.forward = Forward(
                self.halves.below, source.engine, bits=source.bits, bound=source.bound
            )
        self.forward.settle(paths, self.source.data)
        return self.forward
