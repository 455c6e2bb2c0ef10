import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image

from transferkit.data.quality.image_alignment import ORIENTATIONS, orders, oriented

PIXELS = np.arange(25).reshape(1, 5, 5)
TURNS = [Image.Transpose(number) for number in range(7)]


def all_orientations(picture):
    """`(8, side, side)`, the picture in each of the orientations."""
    return oriented(np.repeat(picture, len(ORIENTATIONS), axis=0), np.arange(len(ORIENTATIONS)))


def test_the_first_orientation_leaves_a_picture_as_it_is():
    np.testing.assert_array_equal(oriented(PIXELS, np.array([0])), PIXELS)


def test_the_orientations_all_differ():
    assert len({picture.tobytes() for picture in all_orientations(PIXELS)}) == 8


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_a_picture_that_pillow_turns_is_one_of_the_orientations(turn):
    image = scene(0, (24, 24)).convert("L")
    turned = np.asarray(image.transpose(turn))
    pictures = all_orientations(np.asarray(image)[None])
    assert sum((picture == turned).all() for picture in pictures) == 1


def test_orders_take_the_pixels_as_the_orientations_do():
    np.testing.assert_array_equal(
        PIXELS.ravel()[orders(5)], all_orientations(PIXELS).reshape(8, 25)
    )


def test_each_picture_has_its_own_orientation():
    pictures = np.concatenate([PIXELS, PIXELS + 100])
    both = oriented(pictures, np.array([1, 2]))
    np.testing.assert_array_equal(both[0], PIXELS[0, :, ::-1])
    np.testing.assert_array_equal(both[1], PIXELS[0, ::-1] + 100)
