import numpy as np
import pytest
from PIL import Image

from transferkit.data.augmentation.policies import POLICIES, find_policy
from transferkit.data.augmentation.preview import CELL, VIEWS, contact_sheet


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Two pictures of `CELL` pixels, so that the sheet shows their very pixels."""
    generator = np.random.default_rng(0)
    small = generator.integers(0, 256, (2, 6, 6, 3), np.uint8)
    large = [np.asarray(Image.fromarray(each).resize((CELL, CELL))) for each in small]
    return np.stack(large)


def cells(sheet: Image.Image) -> list[np.ndarray]:
    """Where rows and columns of the sheet hold pictures, found by their colours."""
    values = np.asarray(sheet)
    coloured = values.max(axis=2) != values.min(axis=2)  # paper and text are grey
    columns = np.flatnonzero(coloured.mean(axis=0) > 0.2)
    rows = np.flatnonzero(coloured.mean(axis=1) > 0.2)
    return [
        values[top : top + CELL, left : left + CELL]
        for top in rows[np.diff(rows, prepend=-9) > 4]
        for left in columns[np.diff(columns, prepend=-9) > 4]
    ]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_sheet_has_a_row_of_eight_for_each_image(pictures, policy):
    assert len(cells(contact_sheet(pictures, policy))) == len(pictures) * (1 + VIEWS)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_the_first_of_a_row_is_the_plain_picture(pictures, policy):
    found = cells(contact_sheet(pictures, policy))
    np.testing.assert_array_equal(found[0], pictures[0])
    np.testing.assert_array_equal(found[1 + VIEWS], pictures[1])


def test_the_policy_none_shows_the_picture_eight_times(pictures):
    for found in cells(contact_sheet(pictures[:1], find_policy("none"))):
        np.testing.assert_array_equal(found, pictures[0])


def test_the_views_of_a_row_differ_from_each_other(pictures):
    found = cells(contact_sheet(pictures[:1], find_policy("photo")))
    assert len({each.tobytes() for each in found}) == 1 + VIEWS


def test_equal_pictures_in_two_rows_get_other_views(pictures):
    found = cells(contact_sheet(pictures[[0, 0]], find_policy("photo")))
    assert (found[1] != found[2 + VIEWS]).any()


def test_the_same_seed_gives_the_same_sheet_and_another_seed_another(pictures):
    sheets = [contact_sheet(pictures, find_policy("photo"), seed).tobytes() for seed in (1, 1, 2)]
    assert sheets[0] == sheets[1] != sheets[2]


@pytest.mark.parametrize("label", ["cat", "Größe", "猫", "a" * 300, ""])
def test_any_class_name_can_be_written_above_its_row(pictures, label):
    plain = contact_sheet(pictures, find_policy("none"), labels=["x", "y"])
    named = contact_sheet(pictures, find_policy("none"), labels=[label, "y"])
    assert named.size == plain.size
    assert named.tobytes() != plain.tobytes()


@pytest.mark.parametrize("image_size", [8, 32, 224])
def test_pictures_of_every_size_fill_the_same_cells(image_size):
    images = np.random.default_rng(0).integers(0, 256, (1, image_size, image_size, 3), np.uint8)
    assert contact_sheet(images, find_policy("flip")).size == (1288, 276)
