"""Every mode of an image becomes RGB of 8 bits."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from transferkit.data.decoding.decode import decode


def encoded(image, kind="PNG", **options):
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def one_colour(content, **options):
    """The colour of an image that has one."""
    pixels = decode(content, 4, **options).reshape(-1, 3)
    assert (pixels == pixels[0]).all()
    return tuple(pixels[0].tolist())


ALPHA = (
    ("RGBA", (255, 0, 0, 0), (255, 255, 255)),
    ("RGBA", (255, 0, 0, 255), (255, 0, 0)),
    ("RGBA", (255, 0, 0, 51), (255, 204, 204)),
    ("LA", (0, 0), (255, 255, 255)),
    ("LA", (0, 51), (204, 204, 204)),
    ("LA", (7, 255), (7, 7, 7)),
)


@pytest.mark.parametrize(("mode", "colour", "seen"), ALPHA)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_alpha_is_blended_on_white(mode, colour, seen, kind):
    assert one_colour(encoded(Image.new(mode, (4, 4), colour), kind)) == seen


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(kind):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    assert one_colour(encoded(image, kind)) == (10, 200, 30)
    assert one_colour(encoded(image, kind, transparency=1)) == (255, 255, 255)


def test_a_palette_with_alpha_for_each_colour_is_blended():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0])
    assert one_colour(encoded(image, transparency=bytes([51]))) == (255, 204, 204)


@pytest.mark.parametrize(("mode", "colour"), [("L", 9), ("RGB", (9, 8, 7))])
def test_a_transparent_colour_without_a_palette_is_white(mode, colour):
    content = encoded(Image.new(mode, (4, 4), colour), transparency=colour)
    assert one_colour(content) == (255, 255, 255)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (257, 1), (32768, 128), (65535, 255)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_scaled_to_8(value, grey, kind):
    image = Image.fromarray(np.full((4, 4), value, np.uint16))
    assert one_colour(encoded(image, kind)) == (grey,) * 3


FLOATS = ((0.0, 0), (0.5, 128), (1.0, 255), (300.0, 255), (-1.0, 0), (np.nan, 0))


@pytest.mark.parametrize(("value", "grey"), FLOATS)
def test_floats_are_scaled_by_the_range_that_is_given(value, grey):
    image = Image.fromarray(np.full((4, 4), value, np.float32))
    assert one_colour(encoded(image, "TIFF"), value_range=(0, 1)) == (grey,) * 3


@pytest.mark.parametrize(("mode", "colour", "seen"), [("1", 1, 255), ("1", 0, 0), ("L", 77, 77)])
def test_black_and_white_and_grey_become_rgb(mode, colour, seen):
    assert one_colour(encoded(Image.new(mode, (4, 4), colour))) == (seen,) * 3


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind):
    """Pillow writes the JPEG as Adobe does, inverted and marked so."""
    content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), kind)
    assert np.abs(np.array(one_colour(content)) - (255, 0, 0)).max() <= 2
