"""Rows of kept activations, read from disk where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.features.cache.shard import Shard


class MappedFeatures:
    """As an array `(images, width)` that is never in memory as a whole.

    `seconds` is what the network took for all of its rows, when they were computed, and `kept` how
    many of them were there before. It stays readable when the files are removed meanwhile: the
    system holds what is mapped.
    """

    def __init__(self, rows: Sequence[tuple[Shard, int]], width: int, *, kept: int) -> None:
        self.shape, self.kept = (len(rows), width), kept
        distinct = {(block.path, row): block.seconds[row] for block, row in rows}
        self.seconds = sum(distinct.values())
        self._rows = rows
        halves = all(block.dtype.itemsize == 2 for block, _ in rows)
        self.dtype = np.dtype(np.float16 if halves else np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, places: Sequence[int]) -> np.ndarray:
        """`(places, width)`: float16 where all rows are, else float32."""
        values = np.empty((len(places), self.shape[1]), self.dtype)
        for row, place in zip(values, places, strict=True):
            block, where = self._rows[place]
            row[:] = block.row(where)
        return values
