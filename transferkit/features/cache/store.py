"""Shards of one table of features: find, write and merge them, and discard damaged ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from errno import EMFILE
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.features.cache.shard import DamagedError, Shard, shard_size, write_shards
from transferkit.storage.disk_cache import (
    METADATA_FILE,
    SHARD_EXTENSION,
    discard,
    features_folder,
    locked,
    log_not_cached,
    make_room,
    mark_used,
)
from transferkit.storage.files import write_atomically

ROWS = 2048  # images per shard at most: writing it takes five times its 10 MB of MobileNetV2's
MAX_NUMBERS = 2**24  # per shard: 64 MB in float32; a mapped shard is an open file
MAX_SMALL_SHARDS = 32  # shards of less than half the rows, before they are merged
MAX_OPEN_FILES = 10_000  # macOS grants 10,240 where it speaks of no bound
DAMAGED = "Cached features were damaged and are computed again"

Batch = tuple[np.ndarray, float]
"""Outputs of a network for some images, `(batch, width)` float32, and the seconds they took."""


class ShardWriter:
    """Context manager that gathers rows and writes them in large shards, the last ones at its end.

    After an exception, what was gathered before it is written too.
    """

    def __init__(self, store: ShardStore) -> None:
        self.store = store
        self.keys: list[bytes] = []
        self.batches: list[Batch] = []

    def add(self, keys: Sequence[bytes], batch: Batch) -> None:
        """Gather the rows of `batch`, with one key per row, empty for those not to be cached."""
        self.keys += keys
        self.batches.append(batch)
        if len(self.keys) >= self.store.max_rows(batch[0].shape[1]):
            self._flush()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()

    def _flush(self) -> None:
        if self.keys:
            values = np.concatenate([batch for batch, _ in self.batches])
            self.store.write(self.keys, (values, sum(seconds for _, seconds in self.batches)))
        self.keys, self.batches = [], []


class ShardStore:
    """The shards of one table: `cache_key` is everything that can change their values.

    `bound` is in bytes, of the whole cache; `root` is its folder, and `rows` how many images a
    shard has at most.
    """

    def __init__(
        self,
        cache_key: Mapping[str, Any],
        *,
        bound: int,
        root: Path | None = None,
        rows: int = ROWS,
    ) -> None:
        self.root = root or features_folder()
        self.about = json.dumps(cache_key, indent=2, sort_keys=True).encode()
        self.folder = self.root / hashlib.sha256(self.about).hexdigest()[:16]
        self.bound, self.rows = bound, rows

    def write(self, keys: Sequence[bytes], batch: Batch) -> None:
        """Write the rows of `batch` that have a key, if there is room; log once if that fails."""
        values, seconds = batch
        indices = [index for index, key in enumerate(keys) if key]
        if not indices:
            return
        per_image = seconds / len(keys)
        try:
            with locked(self.root):
                chosen = [keys[index] for index in indices]
                self._write(chosen, [per_image] * len(indices), values[indices])
                self._merge()
        except OSError as error:
            log_not_cached("Features", self.root, error)

    def find(self, wanted: Container[Hashable]) -> Iterator[tuple[Shard, list[int]]]:
        """Yield each shard that has rows with keys that are still `wanted`, and those rows.

        The caller takes the keys that it has read out of `wanted`, or may get them again from
        another shard.
        """
        for shard in self.shards():
            rows = [row for row, key in enumerate(shard.keys) if key in wanted]
            if rows:
                mark_used(shard.path)
                yield shard, rows

    def max_rows(self, width: int) -> int:
        """Return how many images a shard has at most, with `width` numbers per image."""
        return max(1, min(self.rows, MAX_NUMBERS // max(1, width)))

    def _write(self, keys: Sequence[bytes], seconds: Sequence[float], values: np.ndarray) -> None:
        width = values.shape[1]
        rows = max(1, min(self.max_rows(width), self.bound // (4 * shard_size(1, width))))
        for first in range(0, len(keys), rows):
            part = slice(first, first + rows)
            size = shard_size(len(keys[part]), width) + len(self.about)
            if size > self.bound:
                return
            make_room(self.root, self.bound - size)
            if not (self.folder / METADATA_FILE).exists():
                write_atomically(self.folder / METADATA_FILE, self.about)
            write_shards(self.folder, keys[part], seconds[part], values=values[part])

    def _merge(self) -> None:
        """Merge many small shards into a few large ones: each is a file to open."""
        small = [
            shard for shard in self.shards() if 2 * len(shard.keys) < self.max_rows(shard.width)
        ]
        if len(small) <= MAX_SMALL_SHARDS:
            return
        gathered: list[Shard] = []
        for shard in small:
            rows = len(shard.keys) + sum(len(other.keys) for other in gathered)
            if rows > self.max_rows(shard.width):
                self._merge_into_one(gathered)
                gathered = []
            gathered.append(shard)
        self._merge_into_one(gathered)

    def _merge_into_one(self, shards: Sequence[Shard]) -> None:
        """Write the rows of `shards` into one, then remove them; damaged ones are left out."""
        rows: dict[bytes, tuple[float, np.ndarray]] = {}
        merged = []
        for shard in shards:
            try:
                values = shard.rows(range(len(shard.keys)))
            except DamagedError:
                discard(shard.path, why=DAMAGED)
                continue
            rows.update(zip(shard.keys, zip(shard.seconds, values, strict=True), strict=True))
            merged.append(shard.path)
        if len(merged) < 2:
            return
        seconds, vectors = zip(*rows.values(), strict=True)
        self._write(list(rows), seconds, np.stack(vectors))
        for path in merged:
            path.unlink(missing_ok=True)

    def shards(self) -> Iterator[Shard]:
        """Yield the shards of this table; damaged ones are removed.

        Shards merged by another process while iterating may be yielded again; callers must ignore
        repeated keys.
        """
        seen: set[Path] = set()
        gone = True
        while gone:
            gone = False
            for path in sorted(set(self.folder.glob(f"*{SHARD_EXTENSION}")) - seen):
                seen.add(path)
                try:
                    yield _opened(path)
                except DamagedError:
                    discard(path, why=DAMAGED)
                except FileNotFoundError:
                    gone = True
                except OSError:  # it is not ours to read
                    continue


def _opened(path: Path) -> Shard:
    try:
        return Shard(path)
    except OSError as error:
        if error.errno != EMFILE or not _allow_more_files():
            raise
    return Shard(path)


def _allow_more_files() -> bool:
    """Raise this process's limit of open files as far as the system allows; return if it rose.

    The usual limit is 1,024, and each mapped shard is an open file: 30 GB or so use it up.
    """
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return False
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if not 0 <= soft < wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True
