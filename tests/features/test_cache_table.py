"""What is kept of images on disk: exact, bounded, safe from damage and from other processes."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from kept_worlds import EVEN, FACTS, GENEROUS, WIDTH, World, damage_a_row, keys_of

from transferkit.features.cache.listing import clear, list_tables
from transferkit.features.cache.shard import Shard, round_to_float16
from transferkit.features.cache.store import Batch
from transferkit.features.cache.table import Table
from transferkit.runtime.progress import log_once
from transferkit.storage.disk_cache import make_room


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "kept")


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    """As in a new process."""
    log_once.cache_clear()


def test_what_is_read_twice_is_computed_once_and_the_same(world: World) -> None:
    first, second = world.read(1, 2, 3), world.read(3, 2, 1)
    assert world.asked == [1, 2, 3]
    np.testing.assert_array_equal(second.values, first.values[::-1])
    assert (first.cached, second.cached) == (0, 3)
    assert second.values.dtype == np.float32


def test_only_what_is_missing_is_computed(world: World) -> None:
    world.read(1, 3)
    found = world.read(1, 2, 3, 4)
    assert world.asked == [1, 3, 2, 4]
    assert found.cached == 2
    np.testing.assert_array_equal(found.values[:, 0], [8, 16, 24, 32])


def test_what_is_kept_took_what_it_took(world: World) -> None:
    world.read(1, 2, 3, 4)
    found = world.read(2, 3, 9)
    assert (found.cached_seconds, found.seconds) == (1.0, 1.5)


def test_one_content_under_two_names_is_computed_once(world: World) -> None:
    found = world.read(5, 5, 5)
    assert world.asked == [5]
    assert found.values.shape == (3, WIDTH)


def test_other_facts_are_another_table(world: World) -> None:
    world.read(1)
    world.read(1, facts=FACTS | {"image_size": 160})
    assert world.asked == [1, 1]
    assert {each.about["image_size"] for each in list_tables(world.root)} == {96, 160}


def test_an_image_that_cannot_be_looked_into_is_computed_each_time(world: World) -> None:
    table = Table(FACTS, bound=GENEROUS, root=world.root)
    said = np.stack([EVEN, EVEN + 1])
    for _ in range(2):
        found = table.read([b"", b""], lambda places: [(said, 1.0)])
        np.testing.assert_array_equal(found.values, said)
    assert world.blocks == []


def test_no_images_have_the_width_of_the_network(world: World) -> None:
    assert world.read().values.shape == (0, WIDTH)


@pytest.mark.parametrize("scale", [1, 1e6, 1e-9, np.pi, np.inf, np.nan])
def test_any_number_comes_back_as_it_was(world: World, scale: float) -> None:
    first, second = world.read(1, 2, scale=scale), world.read(1, 2)
    np.testing.assert_array_equal(second.values, first.values)


def test_rows_that_float16_holds_take_half_the_room(tmp_path: Path) -> None:
    images, sizes = range(100), []
    for name, scale in (("exact", 1.0), ("beyond", 1e6)):
        here = World(tmp_path / name)
        here.read(*images, scale=scale)
        sizes.append(here.blocks[0].stat().st_size)
    assert sizes[1] - sizes[0] == 100 * WIDTH * 2


def test_16_bits_are_rounded_to_float16_where_it_can_hold_them() -> None:
    values = np.array([[1 / 3, 1.0], [1 / 3, 1e6], [1e-7, 1e-5], [0.0, 0.0]], np.float32)
    found = round_to_float16(values)
    np.testing.assert_array_equal(found[0], values[0].astype(np.float16))
    np.testing.assert_array_equal(found[1:], values[1:])  # beyond its range, and below it


def damage_the_index(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[30] ^= 1
    path.write_bytes(content)


def cut_a_row(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def cut_the_index(path: Path) -> None:
    os.truncate(path, 40)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [damage_a_row, damage_the_index, cut_a_row, cut_the_index, empty])
def test_damage_is_said_and_computed_again(
    world: World, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    first = world.read(1, 2)
    [block] = world.blocks
    harm(block)
    again = world.read(1, 2)
    np.testing.assert_array_equal(again.values, first.values)
    assert again.cached == 0
    assert capsys.readouterr().err == (
        f"Cached features were damaged and are computed again: '{block}' is removed.\n"
    )
    assert world.read(1, 2).cached == 2


def test_a_folder_that_cannot_be_written_to_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    world = World(tmp_path / "file" / "kept")
    for _ in range(2):
        assert world.read(1).cached == 0
    assert capsys.readouterr().err == (
        f"Features cannot be cached in '{tmp_path}/file/kept' (Not a directory): free some space, "
        "name another folder in TRANSFERKIT_CACHE, or pass --cache-gb 0.\n"
    )


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", bound=2000)
    world.read(1)
    size = world.blocks[0].stat().st_size
    for image in (2, 3):
        world.read(image)
    for age, path in enumerate(reversed(world.blocks)):  # file systems may count in whole seconds
        os.utime(path, ns=(10**18 - age * 10**9,) * 2)
    world.read(1)  # the oldest is used again
    with_room_for_two = 2 * size
    make_room(world.root, with_room_for_two)
    assert [Shard(path).keys for path in world.blocks] == [keys_of([3]), keys_of([1])]


@pytest.mark.parametrize("images", [10, 1000])
def test_the_bound_holds_for_one_table_too(tmp_path: Path, images: int) -> None:
    world = World(tmp_path / "kept", bound=6000, rows=100)
    found = world.read(*range(images))
    np.testing.assert_array_equal(found.values[:, 0], WIDTH * np.arange(images))
    assert world.blocks
    assert world.size <= 6000


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", bound=10)
    world.read(1)
    assert world.blocks == []


def test_a_table_without_blocks_is_gone(world: World) -> None:
    world.read(1)
    make_room(world.root, 0)
    assert [path for path in world.root.iterdir() if path.is_dir()] == []


def test_what_a_killed_process_left_is_removed(world: World) -> None:
    world.read(1)
    left = world.blocks[0].with_name(".partial-0123")
    left.write_bytes(b"half of it")
    world.read(2)
    assert not left.exists()


def test_a_large_reading_is_kept_part_by_part(tmp_path: Path) -> None:
    world = World(tmp_path / "kept", rows=4)
    world.read(*range(10))
    assert sorted(len(Shard(path).keys) for path in world.blocks) == [2, 4, 4]


def test_clearing_leaves_no_table(world: World) -> None:
    world.read(1, 2)
    clear(world.root)
    assert list_tables(world.root) == []
    assert world.read(1, 2).cached == 0


def write_many(root: str, first: int) -> None:
    """What a process of its own does: it reads forty images, two at a time."""
    world = World(Path(root))
    for image in range(first, first + 40, 2):
        world.read(image, image + 1)


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=write_many, args=(str(tmp_path), first)) for first in (0, 20)]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert [each.exitcode for each in both] == [0, 0]
    found = World(tmp_path).read(*range(60), scale=0)
    assert found.cached == 60
    np.testing.assert_array_equal(found.values[:, 0], WIDTH * np.arange(60))


def test_what_was_computed_before_a_failure_is_kept(world: World) -> None:
    def fails_at_the_end(places: list[int]) -> Iterator[Batch]:
        yield from itertools.islice(world.network([1, 2, 3, 4, 5], 1)(places), 1)
        raise ValueError

    with pytest.raises(ValueError):
        world.table(FACTS).read(keys_of([1, 2, 3, 4, 5]), fails_at_the_end)
    assert world.read(1, 2, 3, 4, 5).cached == 3
