"""A table of kept features, and a network that can be asked what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import Compute, FeatureBatch, MappedFeatures, Table

FACTS = {"backbone": "pocket", "image_size": 96}
WIDTH, GENEROUS = 8, 10**9
EVEN = np.arange(WIDTH, dtype=np.float32)


def keys_of(images: Sequence[int]) -> list[bytes]:
    return [image.to_bytes(16, "big") for image in images]


class World:
    """A table, and a network that says `8 * image + 0..7` and writes down what it was asked."""

    def __init__(self, root: Path, *, bound: int = GENEROUS, rows: int = 4096) -> None:
        self.root, self.bound, self.rows = root, bound, rows
        self.asked: list[int] = []

    def read(
        self, *images: int, scale: float = 1, facts: dict[str, object] = FACTS
    ) -> FeatureBatch:
        """What a new process would read of these images."""
        return self.table(facts).read(keys_of(images), self.network(images, scale))

    def map(self, *images: int, scale: float = 1) -> MappedFeatures | None:
        """The same, left on disk."""
        compute = self.network(images, scale)
        return self.table(FACTS).map(keys_of(images), compute, width=WIDTH)

    def table(self, facts: dict[str, object]) -> Table:
        return Table(facts, bound=self.bound, root=self.root, rows=self.rows)

    def network(self, images: Sequence[int], scale: float) -> Compute:
        """Its batches are of three images, at half a second each."""

        def compute(places: list[int]) -> Iterator[Batch]:
            for first in range(0, max(1, len(places)), 3):
                chosen = [images[place] for place in places[first : first + 3]]
                self.asked += chosen
                values = scale * (EVEN + WIDTH * np.array(chosen, np.float32)[:, np.newaxis])
                yield values.reshape(-1, WIDTH).astype(np.float32), 0.5 * len(chosen)

        return compute

    @property
    def blocks(self) -> list[Path]:
        return sorted(self.root.glob("*/*.block"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())


def damage_a_row(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
