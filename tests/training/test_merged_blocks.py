"""Many small blocks become a few, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kept_worlds import EVEN, WIDTH, World

from transferkit.training import shelf
from transferkit.training.blocks import Block


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "kept")


def test_many_small_blocks_become_one(world: World) -> None:
    for image in range(shelf.MANY + 1):
        world.read(image, scale=np.pi if image % 2 else 1)
    assert len(world.blocks) == 2  # one of float16, one of float32
    found = world.read(*range(shelf.MANY + 1), scale=0)
    assert found.kept == shelf.MANY + 1
    assert found.kept_seconds == 0.5 * found.kept
    np.testing.assert_array_equal(found.values[2], EVEN + 2 * WIDTH)


def test_no_block_becomes_larger_than_one_may_be(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", rows=8)
    for image in range(shelf.MANY + 1):
        world.read(image)
    assert sorted(len(Block(path).keys) for path in world.blocks) == [1, 8, 8, 8, 8]
    assert world.read(*range(shelf.MANY + 1), scale=0).kept == shelf.MANY + 1


def test_small_blocks_are_there_until_the_large_one_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in range(shelf.MANY):
        world.read(image)
    before, write = world.blocks, shelf.write_blocks

    def full(folder: Path, keys: list[bytes], *rest: Any, **more: Any) -> None:
        if len(keys) > 1:
            raise OSError("No space left on device")
        write(folder, keys, *rest, **more)

    monkeypatch.setattr(shelf, "write_blocks", full)
    world.read(shelf.MANY)
    assert len(world.blocks) == shelf.MANY + 1
    assert set(before) < set(world.blocks)
