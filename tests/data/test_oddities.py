import pandas as pd
import pytest

from transferkit.data.oddities import oddities

PLAIN = {"path": "/x/a/1.jpg", "format": "JPEG", "mode": "RGB", "orientation": 1, "problem": ""}


def files(*changes):
    """A plain photograph, two more, and one for each of the `changes`."""
    return pd.DataFrame([PLAIN] * 3 + [PLAIN | change for change in changes])


def test_plain_photographs_are_not_odd():
    assert oddities(files()) == []


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"path": "/x/a/1.png"}, "JPEG files named .png (1): 'a/1.png'."),
        ({"path": "/x/a/1"}, "JPEG files named without an ending (1): 'a/1'."),
        (
            {"mode": "RGBA"},
            "Files with an alpha channel, which is blended on white (1): 'a/1.jpg'.",
        ),
        ({"mode": "P"}, "Files with a palette, which becomes colours (1): 'a/1.jpg'."),
        ({"mode": "CMYK"}, "CMYK files, which become RGB (1): 'a/1.jpg'."),
        ({"mode": "L"}, "Grey files among others in colour (1): 'a/1.jpg'."),
        ({"orientation": 6}, "Files turned by EXIF, which are put upright (1): 'a/1.jpg'."),
    ],
)
def test_an_odd_file_is_named_with_what_is_odd(change, note):
    assert oddities(files(change)) == [note]


def test_16_bits_are_odd():
    assert oddities(files({"mode": "I;16"}))[0] == (
        "Files with 16 bits or more, which are scaled to 8 (1): 'a/1.jpg'."
    )


def test_endings_are_told_apart_without_regard_to_case():
    assert oddities(files({"path": "/x/a/1.JPEG"}, {"path": "/x/a/1.JPG"})) == []


def test_grey_is_not_odd_where_most_are_grey():
    grey = [{"mode": "L"}] * 4
    assert oddities(files(*grey)) == []


def test_a_file_with_a_problem_is_named_elsewhere():
    assert oddities(files({"path": "/x/a/1.png", "problem": "is empty (0 bytes)"})) == []


def test_five_are_named_and_the_rest_counted():
    turned = [{"path": f"/x/a/{number}.jpg", "orientation": 3} for number in range(7)]
    assert oddities(files(*turned)) == [
        "Files turned by EXIF, which are put upright (7): "
        "'a/0.jpg', 'a/1.jpg', 'a/2.jpg', 'a/3.jpg', 'a/4.jpg' and 2 more."
    ]
