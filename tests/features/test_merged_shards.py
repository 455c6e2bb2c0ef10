"""Many small blocks become a few, and nothing is lost on the way."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kept_worlds import EVEN, FACTS, WIDTH, World, keys_of

from transferkit.features.cache import store
from transferkit.features.cache.shard import Shard


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "kept")


def test_many_small_blocks_become_one(world: World) -> None:
    for image in range(store.MAX_SMALL_SHARDS + 1):
        world.read(image, scale=np.pi if image % 2 else 1)
    assert len(world.blocks) == 2  # one of float16, one of float32
    found = world.read(*range(store.MAX_SMALL_SHARDS + 1), scale=0)
    assert found.cached == store.MAX_SMALL_SHARDS + 1
    assert found.cached_seconds == 0.5 * found.cached
    np.testing.assert_array_equal(found.values[2], EVEN + 2 * WIDTH)


def test_no_block_becomes_larger_than_one_may_be(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", rows=8)
    for image in range(store.MAX_SMALL_SHARDS + 1):
        world.read(image)
    assert sorted(len(Shard(path).keys) for path in world.blocks) == [1, 8, 8, 8, 8]
    assert (
        world.read(*range(store.MAX_SMALL_SHARDS + 1), scale=0).cached == store.MAX_SMALL_SHARDS + 1
    )


def test_small_blocks_are_there_until_the_large_one_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in range(store.MAX_SMALL_SHARDS):
        world.read(image)
    before, write = world.blocks, store.write_shards

    def full(folder: Path, keys: list[bytes], *rest: Any, **more: Any) -> None:
        if len(keys) > 1:
            raise OSError("No space left on device")
        write(folder, keys, *rest, **more)

    monkeypatch.setattr(store, "write_shards", full)
    world.read(store.MAX_SMALL_SHARDS)
    assert len(world.blocks) == store.MAX_SMALL_SHARDS + 1
    assert set(before) < set(world.blocks)


def test_what_another_process_makes_one_meanwhile_is_met(world: World) -> None:
    for image in range(store.MAX_SMALL_SHARDS):
        world.read(image)
    blocks = world.table(FACTS).store.shards()
    met = set(next(blocks).keys)
    world.read(store.MAX_SMALL_SHARDS)  # which makes one of all
    assert len(world.blocks) == 1
    for block in blocks:
        met |= set(block.keys)
    assert met == set(keys_of(range(store.MAX_SMALL_SHARDS + 1)))


@pytest.fixture
def few_files() -> Iterator[None]:
    """A process that may open ten files more than it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_more_blocks_than_files_may_be_open_are_mapped(world: World) -> None:
    images = range(store.MAX_SMALL_SHARDS)
    for image in images:
        world.read(image)
    assert len(world.blocks) == store.MAX_SMALL_SHARDS
    world.asked.clear()
    found = world.map(*images)
    assert found is not None
    assert (found.cached, world.asked) == (store.MAX_SMALL_SHARDS, [])
