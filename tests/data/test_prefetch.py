"""Batches that are decoded before they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import decode, read_images
from transferkit.data.loading.prefetch import decoded_batches
from transferkit.errors import DataError

SIDE, IMAGES = 8, 23
DATA = DataConfig(image_size=SIDE)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Image `k` has the value 10 k."""
    folder = tmp_path_factory.mktemp("ahead")
    for number in range(IMAGES):
        Image.new("L", (SIDE, SIDE), 10 * number).save(folder / f"{number:02}.png")
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("batch_size", [1, 5, 8, 23, 100])
@pytest.mark.parametrize("ahead", [None, 0, 1, 50])
def test_images_come_in_order(paths: list[str], batch_size: int, ahead: int | None) -> None:
    found = np.concatenate(
        list(decoded_batches(paths, SIDE, DATA, batch_size=batch_size, ahead=ahead))
    )
    assert found.mean(axis=(1, 2, 3)).tolist() == [10 * number for number in range(IMAGES)]


def test_images_are_uint8_in_batches_of_which_the_last_is_short(paths: list[str]) -> None:
    found = list(decoded_batches(paths, SIDE, DATA, batch_size=5))
    assert [each.shape for each in found] == [(5, SIDE, SIDE, 3)] * 4 + [(3, SIDE, SIDE, 3)]
    assert {each.dtype for each in found} == {np.dtype(np.uint8)}


def test_no_image_gives_no_batch() -> None:
    assert list(decoded_batches([], SIDE, DATA, batch_size=5)) == []


def test_a_name_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    Image.new("L", (4, 4), 9).save(tmp_path / "caf\udce9.png")
    (images,) = decoded_batches([str(tmp_path / "caf\udce9.png")], SIDE, DATA, batch_size=1)
    assert images.mean() == 9


@pytest.mark.parametrize("resize", ["squash", "crop"])
def test_the_pixels_are_those_of_all_other_ways(resize: str, tmp_path: Path) -> None:
    names = [str(tmp_path / f"{number}.jpg") for number in range(5)]
    for number, name in enumerate(names):
        Image.effect_noise((60 + number, 40), 90).convert("RGB").save(name)
    data = DataConfig(resize=resize)  # type: ignore[arg-type]
    found = np.concatenate(list(decoded_batches(names, 24, data, batch_size=2)))
    np.testing.assert_array_equal(found, read_images(names, 24, data))


def test_a_batch_stays_as_it_is_when_the_next_come(paths: list[str]) -> None:
    batches = decoded_batches(paths, SIDE, DATA, batch_size=5)
    first = next(batches)
    before = first.copy()
    list(batches)
    np.testing.assert_array_equal(first, before)


def test_a_bad_file_is_the_sentence_of_its_batch_and_not_of_those_before(
    drawn: Callable[..., Path],
) -> None:
    names = [str(path) for path in sorted(drawn(images=2).rglob("*.png"))]
    Path(names[4]).write_bytes(b"no image")
    batches = decoded_batches(names, SIDE, DATA, batch_size=2)
    assert len(list(zip(range(2), batches, strict=False))) == 2
    with pytest.raises(DataError) as caught:
        next(batches)
    with pytest.raises(DataError) as alone:
        decode(names[4], SIDE)
    assert str(caught.value) == str(alone.value)


def test_no_more_is_read_ahead_than_asked_for(drawn: Callable[..., Path]) -> None:
    names = [str(path) for path in sorted(drawn(images=3).rglob("*.png"))]
    batches = decoded_batches(names, SIDE, DATA, batch_size=2, ahead=1)
    next(batches)
    for name in names[4:]:
        Path(name).unlink()
    next(batches)
    with pytest.raises(DataError, match="cannot be opened"):
        next(batches)


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("decode")]


def test_who_stops_early_leaves_no_thread_behind(paths: list[str]) -> None:
    batches = decoded_batches(paths, SIDE, DATA, batch_size=2)
    next(batches)
    assert threads()
    batches.close()
    assert threads() == []


def test_nothing_is_read_before_the_first_batch_is_asked_for() -> None:
    batches = decoded_batches(["gone.png"], SIDE, DATA, batch_size=2)
    assert threads() == []
    with pytest.raises(DataError):
        next(batches)
