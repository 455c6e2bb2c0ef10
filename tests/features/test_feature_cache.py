"""What is made of features takes the room of the features, however many images there are."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kept_worlds import FACTS, GENEROUS, World, damage_a_row, keys_of

from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import FeatureBatch, Table
from transferkit.features.linear_probe import solve_probe

pytestmark = pytest.mark.slow

IMAGES, WIDTH, BATCH = 10_000, 512, 32
ROWS = 512  # of a block: few beside all of them, as they are
AN_IMAGE = 350  # bytes for its key and its place, whatever its features take


def read_and_peak(root: Path) -> tuple[FeatureBatch, int]:
    """The features of all images, of which each has its number in every one; and bytes at most."""

    def compute(places: list[int]) -> Iterator[Batch]:
        for first in range(0, len(places), BATCH):
            numbers = np.array(places[first : first + BATCH], np.float32)
            yield np.repeat(numbers[:, None], WIDTH, axis=1), 0.1

    table = Table(FACTS, bound=GENEROUS, root=root, rows=ROWS)
    keys = keys_of(range(IMAGES))
    tracemalloc.start()
    try:
        return table.read(keys, compute), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_features_are_in_memory_once(tmp_path: Path) -> None:
    for kept in (0, IMAGES):
        found, peak = read_and_peak(tmp_path)
        assert found.cached == kept
        np.testing.assert_array_equal(found.values[:, -1], np.arange(IMAGES))
        writing = 0 if kept else 6 * 4 * ROWS * WIDTH  # a block in each of its forms
        assert peak < found.values.nbytes + AN_IMAGE * IMAGES + writing


def test_the_head_is_solved_on_one_copy_of_them() -> None:
    generator, truth = np.random.default_rng(0), np.arange(IMAGES) % 4
    features = generator.normal(size=(IMAGES, WIDTH)).astype(np.float32)
    features[:, :4] += np.eye(4, dtype=np.float32)[truth]
    weights, groups = np.ones(IMAGES, np.float32), [str(image) for image in range(IMAGES)]
    tracemalloc.start()
    try:
        solve_probe(
            features, truth, classes=4, weights=weights, groups=groups, seed=0, c_values=(1,)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * features.nbytes


def test_what_is_damaged_in_one_block_is_read_from_another(tmp_path: Path) -> None:
    """Two processes at once may keep the same image."""
    world = World(tmp_path)
    world.read(1)
    [first] = world.blocks
    before = first.parent / f"0{first.name}"
    before.write_bytes(first.read_bytes())
    damage_a_row(before)
    assert world.read(1).cached == 1
    assert world.asked == [1]
