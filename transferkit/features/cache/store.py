"""The blocks of one table of activations: finding, writing, and throwing away the damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from errno import EMFILE
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.features.cache.shard import DamagedError, Shard, shard_size, write_shards
from transferkit.storage.disk_cache import (
    ABOUT,
    ENDING,
    allow_more_files,
    discard,
    features_folder,
    locked,
    log_not_cached,
    make_room,
    mark_used,
)
from transferkit.storage.files import write_atomically

ROWS = 2048  # images of a block at most: writing it takes five times its 10 MB of MobileNetV2's
NUMBERS = 2**24  # of a block at most: 64 MB in float32; what is mapped is an open file a block
MERGE_FROM = 32  # blocks of less than half that, before they are made one
DAMAGED = "Kept features were damaged and are computed again"

Batch = tuple[np.ndarray, float]
"""What a network says of some images, `(batch, width)` float32, and the seconds it took."""


class ShardWriter:
    """Rows that are gathered, to be kept in large blocks; the last ones when it is left.

    What was gathered before something failed is kept too.
    """

    def __init__(self, shelf: ShardStore) -> None:
        self.shelf = shelf
        self.keys: list[bytes] = []
        self.batches: list[Batch] = []

    def add(self, keys: Sequence[bytes], batch: Batch) -> None:
        """Gather the rows of `batch`, a key for each, empty for those that are not kept."""
        self.keys += keys
        self.batches.append(batch)
        if len(self.keys) >= self.shelf.most_rows(batch[0].shape[1]):
            self._flush()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()

    def _flush(self) -> None:
        if self.keys:
            values = np.concatenate([each for each, _ in self.batches])
            self.shelf.keep(self.keys, (values, sum(took for _, took in self.batches)))
        self.keys, self.batches = [], []


class ShardStore:
    """Where the rows of one table are: `facts` is everything that decides what they say.

    `bound` is in bytes, of all that is kept; `root` is where they all are, and `rows` how many
    images a block has at most.
    """

    def __init__(
        self, facts: Mapping[str, Any], *, bound: int, root: Path | None = None, rows: int = ROWS
    ) -> None:
        self.root = root or features_folder()
        self.about = json.dumps(facts, indent=2, sort_keys=True).encode()
        self.folder = self.root / hashlib.sha256(self.about).hexdigest()[:16]
        self.bound, self.rows = bound, rows

    def keep(self, keys: Sequence[bytes], batch: Batch) -> None:
        """Write the rows of `batch` that have a key, if there is room; say once if that fails."""
        values, took = batch
        places = [place for place, key in enumerate(keys) if key]
        if not places:
            return
        each = took / len(keys)
        try:
            with locked(self.root):
                chosen = [keys[place] for place in places]
                self._write(chosen, [each] * len(places), values[places])
                self._merge()
        except OSError as error:
            log_not_cached("Features", self.root, error)

    def find(self, wanted: Container[Hashable]) -> Iterator[tuple[Shard, list[int]]]:
        """Each block with rows that are `wanted` still, by their keys, and those rows.

        Who has read one takes it out of `wanted`, or may get it again from another block.
        """
        for block in self.blocks():
            rows = [row for row, key in enumerate(block.keys) if key in wanted]
            if rows:
                mark_used(block.path)
                yield block, rows

    def most_rows(self, width: int) -> int:
        """Images of a block."""
        return max(1, min(self.rows, NUMBERS // max(1, width)))

    def _write(self, keys: Sequence[bytes], seconds: Sequence[float], values: np.ndarray) -> None:
        width = values.shape[1]
        rows = max(1, min(self.most_rows(width), self.bound // (4 * shard_size(1, width))))
        for part in _chunks(range(len(keys)), rows):
            size = shard_size(len(part), width) + len(self.about)
            if size > self.bound:
                return
            make_room(self.root, self.bound - size)
            if not (self.folder / ABOUT).exists():
                write_atomically(self.folder / ABOUT, self.about)
            first, last = part[0], part[-1] + 1
            write_shards(
                self.folder, keys[first:last], seconds[first:last], values=values[first:last]
            )

    def _merge(self) -> None:
        """Make a few large blocks of many small ones: each is a file to open."""
        small = [
            block for block in self.blocks() if 2 * len(block.keys) < self.most_rows(block.width)
        ]
        if len(small) <= MERGE_FROM:
            return
        gathered: list[Shard] = []
        for block in small:
            rows = len(block.keys) + sum(len(each.keys) for each in gathered)
            if rows > self.most_rows(block.width):
                self._make_one(gathered)
                gathered = []
            gathered.append(block)
        self._make_one(gathered)

    def _make_one(self, blocks: Sequence[Shard]) -> None:
        """Write the rows of `blocks` in one, and remove them then; damaged ones go without."""
        rows: dict[bytes, tuple[float, np.ndarray]] = {}
        read = []
        for block in blocks:
            try:
                values = block.rows(range(len(block.keys)))
            except DamagedError:
                discard(block.path, why=DAMAGED)
                continue
            rows.update(zip(block.keys, zip(block.seconds, values, strict=True), strict=True))
            read.append(block.path)
        if len(read) < 2:
            return
        seconds, vectors = zip(*rows.values(), strict=True)
        self._write(list(rows), seconds, np.stack(vectors))
        for path in read:
            path.unlink(missing_ok=True)

    def blocks(self) -> Iterator[Shard]:
        """The blocks of this table, the damaged ones removed.

        What another process makes one meanwhile is met as that one too, some of it twice.
        """
        met: set[Path] = set()
        gone = True
        while gone:
            gone = False
            for path in sorted(set(self.folder.glob(f"*{ENDING}")) - met):
                met.add(path)
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
        if error.errno != EMFILE or not allow_more_files():
            raise
    return Shard(path)


def _chunks(places: Iterable[int], size: int) -> Iterator[list[int]]:
    every = list(places)
    for start in range(0, len(every), size):
        yield every[start : start + size]
