"""Rows that stay on disk: what was computed, once, and only where there is room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kept_worlds import EVEN, WIDTH, World, damage_a_row

from transferkit.storage.disk_cache import make_room


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "kept")


@pytest.mark.parametrize("scale", [1, np.pi, 1e6])
def test_rows_on_disk_are_what_was_computed(world: World, scale: float) -> None:
    found = world.map(1, 2, 2, 7, scale=scale)
    assert found is not None
    whole = world.read(1, 2, 2, 7).values
    np.testing.assert_array_equal(found.read([3, 0, 2]), whole[[3, 0, 2]])
    assert (found.shape, found.seconds) == ((4, WIDTH), 1.5)  # one is there twice
    assert found.dtype == (np.float16 if scale == 1 else np.float32)


def test_rows_on_disk_are_computed_once_and_the_damaged_again(world: World) -> None:
    world.map(1, 2, 3)
    world.map(3, 2, 4)
    assert world.asked == [1, 2, 3, 4]
    damage_a_row(world.blocks[-1])
    assert world.map(3, 4) is not None
    assert world.asked == [1, 2, 3, 4, 4]


def test_rows_for_which_there_is_no_room_are_not_computed(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", bound=3000)
    assert world.map(*range(100)) is None
    assert world.asked == []
    assert world.map(*range(10)) is not None


def test_rows_that_cannot_be_written_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert World(tmp_path / "file" / "kept").map(1) is None


def test_rows_stay_readable_when_others_make_room(world: World) -> None:
    found = world.map(1, 2)
    assert found is not None
    make_room(world.root, 0)
    assert world.blocks == []
    np.testing.assert_array_equal(found.read([1])[0], EVEN + 2 * WIDTH)
