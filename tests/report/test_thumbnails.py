"""Small pictures of a page, in the grey range of their folder."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.report.comparison.gallery import _thumbnail
from transferkit.report.html.thumbnails import thumbnails


@pytest.fixture
def dark(tmp_path):
    """A scan of 12 bits that uses the dark eighth of them."""
    values = np.linspace(0, 511, 48 * 48).reshape(48, 48).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "dark.png")
    return str(tmp_path / "dark.png")


def brightest(uri):
    """The greatest grey value of the picture in a data URI."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))).max()


def test_a_dark_picture_of_a_folder_is_dark_on_its_page(dark):
    assert brightest(thumbnails([dark], 10**6, (0.0, 4095.0))[dark]) < 50


def test_a_picture_of_no_known_range_goes_by_its_own_values(dark):
    assert brightest(thumbnails([dark], 10**6)[dark]) > 200


def test_a_dark_test_image_is_dark_in_the_gallery(dark):
    row = {"path": dark, "label": "dark"}
    made = _thumbnail(row, "dark", 1.0, DataConfig(value_range=(0.0, 4095.0)))
    assert brightest(made.uri) < 50
