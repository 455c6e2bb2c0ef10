"""The batches of a lesson: the same part of a picture and of what was said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.pocket.batches import Shards, lesson_batches, pooled_spread
from tools.pocket.config import Lesson

CELLS = 6  # along each side of a map


@pytest.fixture
def numbered(tmp_path: Path) -> Lesson:
    """Pictures whose cells of 16 px are numbered; so are the points of their targets."""
    cells = np.arange(CELLS * CELLS).reshape(CELLS, CELLS)
    pictures = [np.kron(cells, np.ones((16, 16))) + 36 * number for number in range(3)]
    np.save(
        tmp_path / "pictures-0000.npy",
        np.repeat(np.stack(pictures)[..., None], 3, axis=-1).astype(np.uint8),
    )
    targets = np.stack([cells + 36 * number for number in range(3)])[..., None]
    np.save(tmp_path / "targets-0000.npy", targets.astype(np.float16))
    return Lesson(tmp_path, pictures=3, steps=12, batch_size=32)


def test_each_part_lies_under_what_was_said_of_it(numbered: Lesson) -> None:
    sizes, turned = set(), set()
    for pictures, targets in lesson_batches(numbered, first=0):
        middles = pictures.numpy()[:, 8::16, 8::16, 0]
        assert np.array_equal(middles, targets.numpy()[..., 0])
        sizes.add(middles.shape)
        turned.add(bool(middles[0, 0, 0] > middles[0, 0, 1]))
    assert sizes == {(32, 6, 6), (32, 4, 4)}  # the whole, and crops
    assert turned == {True, False}


def test_a_step_is_decided_by_its_number(numbered: Lesson) -> None:
    whole = [pictures.numpy() for pictures, _ in lesson_batches(numbered, first=0)]
    later = [pictures.numpy() for pictures, _ in lesson_batches(numbered, first=10)]
    assert len(later) == 2
    assert all(np.array_equal(a, b) for a, b in zip(whole[10:], later, strict=True))


def test_the_label_of_a_picture_is_its_number_modulo_the_labels(numbered: Lesson) -> None:
    labelled = Lesson(numbered.folder, pictures=3, steps=1, labelled=True)
    ((pictures, labels),) = lesson_batches(labelled, first=0)
    assert np.array_equal(pictures.numpy()[:, 0, 0, 0] // 36, labels.numpy())


def test_shards_are_read_as_one_array(tmp_path: Path) -> None:
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    np.save(paths[0], np.arange(3))
    np.save(paths[1], np.arange(3, 5))
    assert Shards(paths)[np.array([4, 0, 2, 3])].tolist() == [4, 0, 2, 3]


def test_the_spread_is_that_of_pooled_targets(numbered: Lesson) -> None:
    # the means of the three maps are 17.5, 53.5 and 89.5
    assert pooled_spread(numbered) == pytest.approx(np.var([17.5, 53.5, 89.5]))
