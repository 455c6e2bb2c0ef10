import io

import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image, ImageDraw, ImageFilter

from transferkit.data.quality.frame_changes import changed_in_part

SIZE = (96, 96)


def pixels(image):
    return np.asarray(image.convert("L"), np.float32)[None]


def changed(one, other):
    """Whether the frame `other` is said to differ from `one` in a part."""
    return changed_in_part(pixels(one), pixels(other), np.ones((1, 96, 96), bool)).item()


def compressed(image, quality=40):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def with_disc(image):
    """A disc of a tenth of the side that was not in the frame."""
    other = image.copy()
    ImageDraw.Draw(other).ellipse((40, 50, 50, 60), fill="black")
    return other


def with_needle(image, end):
    """A line across the frame, as of a gauge."""
    other = image.copy()
    ImageDraw.Draw(other).line((48, 70, *end), fill="white", width=2)
    return other


SAME = {
    "compressed": compressed,
    "a little out of focus": lambda image: image.filter(ImageFilter.GaussianBlur(0.5)),
    "a little brighter": lambda image: image.point(lambda value: value * 1.05 + 4),
    "noisy": lambda image: Image.fromarray(
        (pixels(image)[0] + np.random.default_rng(0).normal(0, 4, (96, 96))).clip(0, 255)
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_a_copy_of_a_frame_is_not_changed_in_a_part(change):
    frame = scene(0, SIZE).convert("L")
    assert not changed(frame, SAME[change](frame))


def test_a_thing_that_was_put_down_is_a_change():
    frame = scene(0, SIZE)
    assert changed(frame, compressed(with_disc(frame), 90))


def test_a_needle_that_moved_is_a_change():
    frame = scene(1, SIZE)
    assert changed(with_needle(frame, (20, 30)), with_needle(frame, (70, 25)))


def test_a_change_outside_of_what_is_compared_does_not_count():
    frame = scene(0, SIZE)
    where = np.ones((1, 96, 96), bool)
    where[:, 45:65, 35:55] = False
    assert not changed_in_part(pixels(frame), pixels(with_disc(frame)), where).item()


def test_a_frame_in_another_light_is_not_said_to_be_changed():
    frame = scene(0, SIZE)
    assert not changed(frame, with_disc(frame).point(lambda value: value * 0.7))
