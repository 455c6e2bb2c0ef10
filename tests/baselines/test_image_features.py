"""From paths to the numbers that a baseline reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2gray
from skimage.feature import hog

from transferkit.baselines.extractors import (
    EXTRACTORS,
    colour_histogram,
    gradient_histograms,
    pixel_values,
)
from transferkit.baselines.image_features import CACHED, CHUNK, IMAGE_SIZES, ImageFeatures
from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import read_images
from transferkit.errors import DataError

WIDTHS = {"pixels": 32 * 32 * 3, "colour": 432, "hog": 1764, "hog_colour": 1764 + 432}
IMAGE = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
FLAT = np.full((128, 128, 3), 200, np.uint8)


@pytest.fixture(scope="module")
def paths(shapes: Path) -> list[str]:
    return [str(path) for path in sorted(shapes.rglob("*.png"))[::10]]


def test_every_kind_of_features_has_its_function() -> None:
    assert EXTRACTORS.keys() == IMAGE_SIZES.keys() == WIDTHS.keys()


@pytest.mark.parametrize("kind", WIDTHS)
def test_the_features_are_one_finite_row_an_image(kind: str, paths: list[str]) -> None:
    values = ImageFeatures(kind).fit_transform(paths)
    assert values.shape == (len(paths), WIDTHS[kind])
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", WIDTHS)
def test_no_image_gives_no_row(kind: str) -> None:
    assert ImageFeatures(kind).transform([]).shape == (0, WIDTHS[kind])


def test_the_chunks_make_no_difference(shapes: Path) -> None:
    many = [str(path) for path in sorted(shapes.rglob("*.png"))[: 2 * CHUNK + 1]]
    alone = [ImageFeatures("colour").transform([path])[0] for path in many]
    np.testing.assert_array_equal(ImageFeatures("colour").transform(many), alone)


@pytest.mark.parametrize("kind", CACHED)
def test_what_took_long_is_kept(
    kind: str, paths: list[str], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = ImageFeatures(kind)
    values, seconds = (features := reader.read(paths)).values, features.seconds
    np.testing.assert_array_equal(ImageFeatures(kind, cache_gb=0).transform(paths), values)
    again = reader.load(paths[::-1])
    np.testing.assert_array_equal(again.values, values[::-1])
    assert [again.seconds, again.cached_seconds] == pytest.approx([seconds] * 2)
    assert ImageFeatures(kind, resize="crop").read(paths).cached_seconds == 0
    monkeypatch.setattr("transferkit.data.decoding.DECODING_FORMAT", 10**6)
    assert reader.read(paths).cached_seconds == 0


def test_what_is_quickly_read_is_not_kept(paths: list[str], own_cache: Path) -> None:
    ImageFeatures("pixels").read(paths)
    assert not list(own_cache.rglob("*.block"))


def test_the_pixels_are_those_that_the_one_decoding_policy_reads(paths: list[str]) -> None:
    images = read_images(paths, 32, DataConfig(resize="crop"))
    values = ImageFeatures("pixels", resize="crop").transform(paths)
    np.testing.assert_allclose(values, images.reshape(len(paths), -1) / 255, atol=1e-6)


def test_white_is_one_and_black_is_nought() -> None:
    image = np.array([[[0, 128, 255]]], np.uint8)
    np.testing.assert_allclose(pixel_values(image), [0, 128 / 255, 1], atol=1e-6)


def test_hog_is_scikit_images_at_unit_length() -> None:
    theirs = hog(
        rgb2gray(IMAGE), pixels_per_cell=(16, 16), cells_per_block=(2, 2), transform_sqrt=True
    )
    np.testing.assert_allclose(
        gradient_histograms(IMAGE), theirs / np.linalg.norm(theirs), atol=1e-6
    )


def test_hog_of_a_flat_image_is_nought() -> None:
    assert not gradient_histograms(FLAT).any()


def test_the_colours_of_a_flat_image_are_in_one_cell() -> None:
    histogram = colour_histogram(FLAT)
    assert np.count_nonzero(histogram) == 1
    assert histogram.max() == 1


@pytest.mark.parametrize(
    "same", [IMAGE[::-1], IMAGE[:, ::-1], IMAGE.swapaxes(0, 1), np.roll(IMAGE, 9, axis=1)]
)
def test_where_a_colour_is_makes_no_difference(same: np.ndarray) -> None:
    np.testing.assert_array_equal(
        colour_histogram(np.ascontiguousarray(same)), colour_histogram(IMAGE)
    )


def test_the_squares_of_a_colour_histogram_are_shares() -> None:
    assert (colour_histogram(IMAGE).astype(np.float64) ** 2).sum() == pytest.approx(1, abs=1e-5)


def test_other_colours_give_another_histogram() -> None:
    red, green = FLAT * np.array([1, 0, 0], np.uint8), FLAT * np.array([0, 1, 0], np.uint8)
    assert colour_histogram(red) @ colour_histogram(green) == 0


def test_a_file_that_is_no_image_is_named(tmp_path: Path, paths: list[str]) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"")
    with pytest.raises(DataError) as error:
        ImageFeatures("pixels").transform([str(tmp_path / "good.png"), str(tmp_path / "bad.png")])
    assert str(error.value) == f"{str(tmp_path / 'bad.png')!r} is empty (0 bytes)."
