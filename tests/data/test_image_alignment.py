import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image, ImageDraw

from transferkit.data.quality.image_alignment import (
    IDENTITY_WARP,
    agreement,
    align,
    correlations,
    fineness,
)

SIZE = (192, 192)


def at_side(image, image_size=96):
    return np.asarray(
        image.resize((image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    )


def grey(image, image_size=96):
    return at_side(image, image_size).mean(axis=2, dtype=np.float32)[None]


@pytest.mark.parametrize("box", [(6, 0, 192, 192), (4, 8, 184, 190), (0, 9, 192, 186)])
def test_a_crop_is_laid_over_its_whole(box):
    whole = scene(1, SIZE)
    part = whole.crop(box)
    warps = np.float32([IDENTITY_WARP])
    warps, laid, covers = align(grey(whole), grey(part), warps, steps=12)
    left, _, right, _ = box
    assert correlations(laid, grey(part), covers)[0] > 0.98
    assert warps[0, :2] == pytest.approx([(right - left) / 192, (left + right) / 192 - 1], abs=0.01)


def agreements(one, other):
    """`agreement` of two `(side, side)` pictures that are laid over each other already."""
    found = agreement(one, other, np.ones(one.shape, bool))
    return found.mean.item(), found.tenth.item()


def test_a_picture_agrees_with_itself_however_bright_and_shaded():
    one = grey(scene(2, SIZE))
    shaded = one * 0.7 + np.linspace(0, 60, 96, dtype=np.float32)
    assert agreements(one, shaded) == pytest.approx((1, 1), abs=1e-3)


def test_two_scenes_do_not_agree():
    mean, least = agreements(grey(scene(3, SIZE)), grey(scene(4, SIZE)))
    assert mean < 0.2
    assert least < -0.2


def test_something_else_in_a_picture_shows_in_the_parts_that_agree_least():
    one = grey(scene(5, SIZE))
    other = one.copy()
    other[:, 24:64, 32:64] = grey(scene(6, SIZE))[:, 24:64, 32:64]
    mean, least = agreements(one, other)
    assert mean > 0.7
    assert least < 0.5


def test_what_covers_little_says_nothing():
    one = grey(scene(7, SIZE))
    where = np.zeros(one.shape, bool)
    where[:, :32, :32] = True
    assert agreement(one, one, where).mean.tolist() == [-1]


def test_an_edge_alone_says_nothing():
    edge = np.zeros((1, 96, 96), np.float32)
    edge[:, :, 40:] = 200
    assert agreements(edge, edge) == (-1, -1)


def test_a_scene_is_rich_in_detail_and_a_drawing_is_not():
    drawing = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(drawing).ellipse((9, 9, 87, 87), fill="navy")
    for picture, rich in ((scene(9, SIZE), 36), (drawing, 0)):
        pixels = grey(picture)
        assert agreement(pixels, pixels, np.ones(pixels.shape, bool)).rich == rich


def test_a_picture_of_one_colour_says_nothing():
    flat = np.full((1, 96, 96), 90, np.float32)
    assert agreements(flat, flat) == (-1, -1)


def test_what_was_enlarged_is_less_fine():
    small = scene(8, SIZE).resize((16, 16), Image.Resampling.BICUBIC).resize((96, 96))
    assert fineness(grey(small)) < 0.03 < fineness(grey(scene(8, SIZE)))
