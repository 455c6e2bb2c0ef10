"""The drawn pictures: decided by their numbers, and of many kinds."""

from __future__ import annotations

import numpy as np
import pytest

from tools.pocket import fractals, shapes, textures
from tools.pocket.scenes import (
    Look,
    Thing,
    draw_labelled,
    draw_scene,
    paint,
    random_palette,
)

AXIS = np.linspace(-40, 40, 41, dtype=np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_scene_is_decided_by_its_number() -> None:
    assert np.array_equal(draw_scene(7), draw_scene(7))
    assert not np.array_equal(draw_scene(7), draw_scene(8))


@pytest.mark.parametrize("number", range(40))
def test_a_scene_is_a_picture_with_something_in_it(number: int) -> None:
    picture = draw_scene(number)
    assert (picture.shape, picture.dtype) == ((96, 96, 3), np.uint8)
    assert picture.std() > 1


def test_a_scene_can_be_of_another_size() -> None:
    assert draw_scene(1, image_size=40).shape == (40, 40, 3)


@pytest.mark.parametrize("label", [4, 5], ids=["a thing", "a fractal"])
def test_pictures_of_a_label_differ(label: int) -> None:
    first, second = draw_labelled(0, label), draw_labelled(1, label)
    assert first.shape == (96, 96, 3)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("make", textures.KINDS, ids=lambda make: make.__name__)
def test_a_texture_is_a_share_at_each_point(make, rng: np.random.Generator) -> None:
    for _ in range(5):
        value = make(rng)(AXIS[None], AXIS[:, None])
        assert value.shape == (41, 41)
        assert value.min() >= -1e-5
        assert value.max() <= 1 + 1e-5


def test_noise_has_no_seams() -> None:
    for tile in textures.tiles()[:8]:
        inside = np.abs(np.diff(tile, axis=0)).mean()
        across = np.abs(tile[0] - tile[-1]).mean()
        assert across < 2 * inside


@pytest.mark.parametrize("make", shapes.KINDS, ids=lambda make: make.__name__)
def test_a_shape_has_an_inside_and_an_outside(make, rng: np.random.Generator) -> None:
    depth = make(rng)(AXIS[None] / 20, AXIS[:, None] / 20)
    assert depth.shape == (41, 41)
    assert depth.max() > 0 > depth.min()
    assert depth[0, 0] < 0  # farther away than any shape reaches


def test_a_palette_is_a_ramp_of_colours(rng: np.random.Generator) -> None:
    palette = random_palette(rng, Look.draw(rng))
    assert (palette.shape, palette.dtype) == ((64, 3), np.float32)
    assert palette.min() >= 0
    assert palette.max() <= 1


def test_what_lies_beyond_the_picture_paints_nothing(rng: np.random.Generator) -> None:
    look, picture = Look.draw(rng), np.zeros((20, 20, 3), np.float32)
    thing = Thing.draw(rng, look)
    paint(picture, thing, look, at=(-90, 5), radius=4, turn=0, light=(0, 0))
    assert not picture.any()


@pytest.mark.parametrize("seed", range(8))
def test_a_fractal_draws_within_the_picture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.zeros((48, 48, 3), np.float32)
    fractals.random_fractal(rng)(picture, rng, np.ones((64, 3), np.float32))
    assert 0 < (picture > 0).mean() < 0.9
