"""Cached outputs of a frozen backbone on disk, by the content of the images."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.features.cache.shard import DamagedError, Shard, shard_size
from transferkit.features.cache.store import DAMAGED, ROWS, Batch, ShardStore, ShardWriter
from transferkit.storage.disk_cache import discard

Compute = Callable[[list[int]], Iterable[Batch]]
"""Computes the images at these indices, batch by batch, in order; of no images an empty batch.

Where a file has changed since its key was looked up, its key is replaced by that of what was read
before its batch is yielded.
"""


@dataclass(frozen=True)
class FeatureBatch:
    """Features `(images, width)` float32 and what they cost.

    Attributes:
        seconds: what computing all of them took, the cached ones at their time.
        cached: how many images were read from the cache.
        cached_seconds: what computing those took, at their time.
    """

    values: np.ndarray
    seconds: float
    cached: int = 0
    cached_seconds: float = 0.0


class MappedFeatures:
    """Cached rows that behave as an array `(images, width)` and are never in memory as a whole.

    `seconds` is what computing all rows took, and `cached` how many of them were there before. It
    stays readable when the files are removed meanwhile: the system holds what is mapped.
    """

    def __init__(self, rows: Sequence[tuple[Shard, int]], width: int, *, cached: int) -> None:
        self.shape, self.cached = (len(rows), width), cached
        distinct = {(shard.path, row): shard.seconds[row] for shard, row in rows}
        self.seconds = sum(distinct.values())
        self._rows = rows
        halves = all(shard.dtype.itemsize == 2 for shard, _ in rows)
        self.dtype = np.dtype(np.float16 if halves else np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, indices: Sequence[int]) -> np.ndarray:
        """Return `(indices, width)`: float16 where all rows are, else float32."""
        values = np.empty((len(indices), self.shape[1]), self.dtype)
        for value, index in zip(values, indices, strict=True):
            shard, row = self._rows[index]
            value[:] = shard.row(row)
        return values


class Table:
    """Cache of the outputs of one network for images decoded one way.

    `cache_key` is everything that can change the output values. `bound` is in bytes, of the whole
    cache; `root` is its folder.
    """

    def __init__(
        self,
        cache_key: Mapping[str, Any],
        *,
        bound: int,
        root: Path | None = None,
        rows: int = ROWS,
    ) -> None:
        self.store = ShardStore(cache_key, bound=bound, root=root, rows=rows)

    def missing(self, keys: Sequence[bytes]) -> list[int]:
        """Return the indices of the images that are not cached, one index per key.

        Checksums are not looked at: a damaged row shows when it is read.
        """
        missing = _indices_by_key(keys)
        for shard, rows in self.store.find(missing):
            for row in rows:
                missing.pop(shard.keys[row], None)
        return [indices[0] for indices in missing.values()]

    def read(self, keys: Sequence[bytes], compute: Compute) -> FeatureBatch:
        """Return the features for `keys`, in order; those not cached are computed and cached.

        An empty key is of an image that could not be looked into: it is computed, and not cached.
        """
        missing = _indices_by_key(keys)
        values = np.empty((0, 0), np.float32)
        cached, cached_seconds = 0, 0.0
        for shard, rows in self.store.find(missing):
            if not _is_intact(shard, rows):
                continue
            values = _allocated(values, len(keys), shard.width)
            for row in rows:
                indices = missing.pop(shard.keys[row], [])
                values[indices] = shard.row(row)
                cached += len(indices)
                cached_seconds += shard.seconds[row] if indices else 0.0
        seconds = cached_seconds
        batches = self._computed(missing, compute, keys) if missing or not keys else ()
        for batch_keys, batch, batch_seconds in batches:
            values = _allocated(values, len(keys), batch.shape[1])
            for key, vector in zip(batch_keys, batch, strict=True):
                values[missing[key]] = vector
            seconds += batch_seconds
        return FeatureBatch(values, seconds, cached, cached_seconds)

    def has_room(self, keys: Sequence[bytes], width: int) -> bool:
        """Whether rows of `width` numbers for all of `keys` can be in the cache together."""
        distinct = set(keys)
        # While a shard is written, there has to be room for it in four bytes a number.
        spare = shard_size(min(len(distinct), self.store.max_rows(width)), width)
        size = shard_size(len(distinct), width, item_bytes=2) + spare
        return b"" not in distinct and size <= self.store.bound

    def map(self, keys: Sequence[bytes], compute: Compute, *, width: int) -> MappedFeatures | None:
        """Return the features for `keys`, left on disk; None where there is no room for them all.

        `width` is how many numbers a row has.
        """
        if not self.has_room(keys, width):
            return None
        rows = self._intact_rows(set(keys))
        missing = {
            key: indices for key, indices in _indices_by_key(keys).items() if key not in rows
        }
        cached = sum(key in rows for key in keys)
        for _ in self._computed(missing, compute, keys) if missing else ():
            pass  # writing them to the cache is all that is needed
        read = set(keys)  # `compute` may have replaced some
        rows |= self._intact_rows(read - rows.keys())
        if not read <= rows.keys():
            return None
        return MappedFeatures([rows[key] for key in keys], width, cached=cached)

    def _intact_rows(self, keys: set[bytes]) -> dict[bytes, tuple[Shard, int]]:
        """Find the cached, undamaged rows of `keys`."""
        located: dict[bytes, tuple[Shard, int]] = {}
        missing = set(keys)
        for shard, rows in self.store.find(missing):
            if _is_intact(shard, rows):
                new = {shard.keys[row]: (shard, row) for row in rows}
                located |= new
                missing -= new.keys()
        return located

    def _computed(
        self, missing: Mapping[Hashable, list[int]], compute: Compute, keys: Sequence[bytes]
    ) -> Iterator[tuple[list[Hashable], np.ndarray, float]]:
        """Yield the keys, the rows and the seconds of each computed batch, and cache them."""
        names, done = list(missing), 0
        firsts = [indices[0] for indices in missing.values()]
        with ShardWriter(self.store) as writer:
            for values, seconds in compute(firsts):
                part = slice(done, done := done + len(values))
                yield names[part], values, seconds
                writer.add([keys[index] for index in firsts[part]], (values, seconds))


def replace_keys(keys: list[bytes], indices: Sequence[int], decoded: Sequence[bytes]) -> None:
    """Replace the `keys` at `indices` by those that were `decoded`; empty keys stay empty."""
    for index, key in zip(indices, decoded, strict=False):
        keys[index] = keys[index] and key


def _is_intact(shard: Shard, rows: Sequence[int]) -> bool:
    """Whether the checksums of these rows are right; a damaged shard is removed."""
    try:
        shard.check(rows)
    except DamagedError:
        discard(shard.path, why=DAMAGED)
        return False
    return True


def _indices_by_key(keys: Sequence[bytes]) -> dict[Hashable, list[int]]:
    """Return the indices of each key; an empty one is an image of its own, by its index."""
    indices: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        indices.setdefault(key or index, []).append(index)
    return indices


def _allocated(values: np.ndarray, images: int, width: int) -> np.ndarray:
    """Return `values`, or where it is empty, an array for `images` rows of `width` numbers."""
    if values.size or not width:
        return values
    return np.empty((images, width), np.float32)
