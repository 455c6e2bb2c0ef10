"""A table of kept features, and a network that can be asked what it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferkit.training.activations import Reading, Table

FACTS = {"backbone": "pocket", "side": 96}
WIDTH, GENEROUS = 8, 10**9
EVEN = np.arange(WIDTH, dtype=np.float32)


def keys_of(images: Sequence[int]) -> list[bytes]:
    return [image.to_bytes(16, "big") for image in images]


class World:
    """A table, and a network that says `8 * image + 0..7` and writes down what it was asked."""

    def __init__(self, root: Path, *, bound: int = GENEROUS, rows: int = 4096) -> None:
        self.root, self.bound, self.rows = root, bound, rows
        self.asked: list[int] = []

    def read(self, *images: int, scale: float = 1, facts: dict[str, object] = FACTS) -> Reading:
        """What a new process would read of these images."""

        def compute(places: list[int]) -> Reading:
            chosen = [images[place] for place in places]
            self.asked += chosen
            values = scale * (EVEN + WIDTH * np.array(chosen, np.float32)[:, np.newaxis])
            return Reading(values.reshape(-1, WIDTH).astype(np.float32), 0.5 * len(places))

        table = Table(facts, bound=self.bound, root=self.root, rows=self.rows)
        return table.read(keys_of(images), compute)

    @property
    def blocks(self) -> list[Path]:
        return sorted(self.root.glob("*/*.block"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())
