"""Drawn pictures in shards: each by its number, none drawn twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tools.pocket.dataset import draw_pictures, shard_paths
from tools.pocket.scenes import draw_labelled, draw_scene


def test_pictures_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 6, labelled=False, workers=1, shard_size=4)
    paths = shard_paths(tmp_path, "pictures", 6, 4)
    drawn = np.concatenate([np.load(path) for path in paths])
    assert [path.name for path in paths] == ["pictures-0000.npy", "pictures-0001.npy"]
    assert np.array_equal(drawn, [draw_scene(number) for number in range(6)])


def test_a_labelled_picture_has_the_label_of_its_number(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 2, labelled=True, workers=1)
    drawn = np.load(tmp_path / "pictures-0000.npy")
    assert np.array_equal(drawn, [draw_labelled(0, 0), draw_labelled(1, 1)])


def test_a_shard_that_is_there_is_kept(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures-0000.npy", np.zeros((4, 1)))
    draw_pictures(tmp_path, 5, labelled=False, workers=1, shard_size=4)
    assert np.load(tmp_path / "pictures-0000.npy").shape == (4, 1)
    assert np.load(tmp_path / "pictures-0001.npy").shape == (1, 96, 96, 3)


def test_two_processes_draw_what_one_does(tmp_path: Path) -> None:
    for workers in (1, 2):
        draw_pictures(tmp_path / str(workers), 8, labelled=False, workers=workers, shard_size=4)
    for name in ("pictures-0000.npy", "pictures-0001.npy"):
        assert np.array_equal(np.load(tmp_path / "1" / name), np.load(tmp_path / "2" / name))
