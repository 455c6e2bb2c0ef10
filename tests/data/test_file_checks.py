import pandas as pd
import pytest

from transferkit.data.quality.image_checks import check_files

PLAIN = {"path": "/x/a/1.jpg", "format": "JPEG", "mode": "RGB", "orientation": 1, "problem": ""}
PLAIN |= {"values": "uint8"}


def files(*changes):
    """A plain photograph, two more, and one for each of the `changes`."""
    return pd.DataFrame([PLAIN] * 3 + [PLAIN | change for change in changes])


def test_plain_photographs_are_not_odd():
    assert list(check_files(files())) == []


@pytest.mark.parametrize(
    ("change", "finding", "detail"),
    [
        ({"path": "/x/a/1.png"}, "wrong_ending", "is a JPEG file named .png"),
        ({"path": "/x/a/1"}, "wrong_ending", "is a JPEG file named without an ending"),
        ({"mode": "RGBA"}, "alpha", "has Pillow's mode RGBA"),
        ({"mode": "P"}, "palette", "has Pillow's mode P"),
        ({"values": "uint16"}, "sixteen_bit", "has colours of 16 bits"),
        ({"mode": "CMYK"}, "cmyk", "has Pillow's mode CMYK"),
        ({"mode": "L"}, "grey", "has Pillow's mode L"),
        ({"orientation": 0}, "unreadable_exif", "may be on its side, if it was taken so"),
        ({"orientation": 6}, "rotated", "has the EXIF orientation 6"),
    ],
)
def test_an_odd_file_is_named_with_what_is_odd(change, finding, detail):
    path = change.get("path", PLAIN["path"])
    assert list(check_files(files(change))) == [(finding, path, detail, "")]


def test_16_bits_are_odd():
    assert [row[0] for row in check_files(files({"mode": "I;16"}))] == ["sixteen_bit", "grey"]


def test_endings_are_told_apart_without_regard_to_case():
    assert list(check_files(files({"path": "/x/a/1.JPEG"}, {"path": "/x/a/1.JPG"}))) == []


def test_grey_is_not_odd_where_most_are_grey():
    grey = [{"mode": "L"}] * 4
    assert list(check_files(files(*grey))) == []


def test_a_file_with_a_problem_is_named_elsewhere():
    assert list(check_files(files({"path": "/x/a/1.png", "problem": "is empty (0 bytes)"}))) == []
