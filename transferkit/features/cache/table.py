"""What a frozen backbone says of images, kept on disk between runs, by the images' content."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.features.cache.mapped import MappedFeatures
from transferkit.features.cache.shard import DamagedError, Shard, shard_size
from transferkit.features.cache.store import DAMAGED, ROWS, Batch, ShardStore, ShardWriter
from transferkit.storage.disk_cache import discard

_saved = [0.0]


@dataclass(frozen=True)
class FeatureBatch:
    """`values` is `(images, width)` float32, of which `kept` images were read back.

    `seconds` is what the network took for all of them, `kept_seconds` for those, at their time.
    """

    values: np.ndarray
    seconds: float
    kept: int = 0
    kept_seconds: float = 0.0


Compute = Callable[[list[int]], Iterable[Batch]]
"""The batches of the images at these positions, in order; of no images an empty one.

Where a file has become another since it was looked up, its key is replaced by that of what was
read, before its batch is there.
"""


class Table:
    """What one network says of images by one decoding: `facts` is everything that decides it.

    `bound` is in bytes, of all that is kept; `root` is where they all are.
    """

    def __init__(
        self, facts: Mapping[str, Any], *, bound: int, root: Path | None = None, rows: int = ROWS
    ) -> None:
        self.shelf = ShardStore(facts, bound=bound, root=root, rows=rows)

    def read(self, keys: Sequence[bytes], compute: Compute) -> FeatureBatch:
        """What is kept of each key, in order, and of the others what `compute` says, kept too.

        An empty key is of an image that could not be looked into: it is computed, and not kept.
        """
        lost = _places_of(keys)
        values = np.empty((0, 0), np.float32)
        kept, kept_seconds = 0, 0.0
        for block, rows in self.shelf.find(lost):
            try:
                block.check(rows)
            except DamagedError:
                discard(block.path, why=DAMAGED)
                continue
            values = _room_for(values, len(keys), block.width)
            for row in rows:
                places = lost.pop(block.keys[row], [])
                values[places] = block.row(row)
                kept += len(places)
                kept_seconds += block.seconds[row] if places else 0.0
        seconds = kept_seconds
        for names, found, took in self._computed(lost, compute, keys) if lost or not keys else ():
            values = _room_for(values, len(keys), found.shape[1])
            for name, vector in zip(names, found, strict=True):
                values[lost[name]] = vector
            seconds += took
        return FeatureBatch(values, seconds, kept, kept_seconds)

    def map(self, keys: Sequence[bytes], compute: Compute, *, width: int) -> MappedFeatures | None:
        """The same, left on disk and read from there; None where there is no room for all of it.

        `width` is how many numbers a row has.
        """
        names = set(keys)
        # While a block is written, there has to be room for it in four bytes a number.
        spare = shard_size(min(len(names), self.shelf.most_rows(width)), width)
        if b"" in names or shard_size(len(names), width, each=2) + spare > self.shelf.bound:
            return None
        index = self._verified(names)
        lost = {name: places for name, places in _places_of(keys).items() if name not in index}
        kept = sum(key in index for key in keys)
        for _ in self._computed(lost, compute, keys) if lost else ():
            pass  # it is kept, which is all that is wanted
        names = set(keys)  # of what was read
        index |= self._verified(names - index.keys())
        if not names <= index.keys():
            return None
        return MappedFeatures([index[key] for key in keys], width, kept=kept)

    def _verified(self, keys: set[bytes]) -> dict[bytes, tuple[Shard, int]]:
        """Where those of `keys` are that are kept and undamaged."""
        found: dict[bytes, tuple[Shard, int]] = {}
        lost = set(keys)
        for block, rows in self.shelf.find(lost):
            try:
                block.check(rows)
            except DamagedError:
                discard(block.path, why=DAMAGED)
                continue
            new = {block.keys[row]: (block, row) for row in rows}
            found |= new
            lost -= new.keys()
        return found

    def _computed(
        self, lost: Mapping[Hashable, list[int]], compute: Compute, keys: Sequence[bytes]
    ) -> Iterator[tuple[list[Hashable], np.ndarray, float]]:
        """Yield the names, the rows and the seconds of each batch, and keep them."""
        names, done = list(lost), 0
        firsts = [places[0] for places in lost.values()]
        with ShardWriter(self.shelf) as writer:
            for values, took in compute(firsts):
                part = slice(done, done := done + len(values))
                yield names[part], values, took
                writer.add([keys[place] for place in firsts[part]], (values, took))


def replace_keys(keys: list[bytes], places: Sequence[int], decoded: Sequence[bytes]) -> None:
    """Make the `keys` at `places` those of what was `decoded`, but for those not to be kept."""
    for place, key in zip(places, decoded, strict=False):
        keys[place] = keys[place] and key


def saved_seconds() -> float:
    """What reading back, where the network would have been asked, has saved this process so far.

    Who measures what predicting costs adds what was saved meanwhile.
    """
    return _saved[0]


def count_saved(seconds: float) -> None:
    """Add to `saved_seconds`."""
    _saved[0] += seconds


def _places_of(keys: Sequence[bytes]) -> dict[Hashable, list[int]]:
    """Where each key is; an empty one is an image of its own, by its place."""
    places: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key or place, []).append(place)
    return places


def _room_for(values: np.ndarray, images: int, width: int) -> np.ndarray:
    """`values`, or where it is empty, an array for as many `images`, as wide as what was found."""
    if values.size or not width:
        return values
    return np.empty((images, width), np.float32)
