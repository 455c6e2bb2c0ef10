import os

import pytest
from drawn_scenes import scene
from PIL import Image

from transferkit.config import DataConfig
from transferkit.data.manifest import Manifest


@pytest.fixture
def near(tmp_path):
    """Two classes of six pictures, and a smaller copy of the first of them, as JPEG."""
    for number in range(12):
        folder = tmp_path / "images" / ("field", "wood")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        scene(number).save(folder / f"{number // 2:03}.png")
    small = scene(0).resize((200, 150), Image.Resampling.BICUBIC)
    small.save(tmp_path / "images/field/copy.jpg")
    return tmp_path / "images"


def test_near_copies_of_a_class_are_kept_in_one_split_and_named(near):
    for seed in range(5):
        manifest = Manifest.read(near, seed=seed)
        copies = manifest.usable[manifest.usable["group"] != ""]
        assert [os.path.relpath(path, near) for path in copies["path"]] == [
            "field/000.png",
            "field/copy.jpg",
        ]
        assert copies["split"].nunique() == 1
    assert manifest.notes == (
        "Near copies of other files (rescaled, recompressed or cropped), a group for each (1): "
        "'field/copy.jpg'.",
    )


def test_near_copies_are_not_sought_where_that_is_set_so(near):
    manifest = Manifest.read(near, DataConfig(near_copies=False))
    assert set(manifest.frame["group"]) == {""}


def test_near_copies_under_two_labels_are_kept_together_and_named(near):
    os.rename(near / "field/copy.jpg", near / "wood/copy.jpg")
    manifest = Manifest.read(near)
    assert manifest.notes == (
        "Near copies under different labels, kept on one side of a split (2): "
        "'field/000.png', 'wood/copy.jpg'.",
    )
    assert manifest.usable.query("group != ''")["split"].nunique() == 1


def test_a_near_copy_in_the_sources_own_test_leaks(near, tmp_path):
    for name in ("train/field", "train/wood", "test/field", "test/wood"):
        (tmp_path / "laid/out" / name).mkdir(parents=True)
    for path in near.rglob("*.*"):
        split = "test" if path.name in ("copy.jpg", "005.png") else "train"
        os.rename(path, tmp_path / "laid/out" / split / path.parent.name / path.name)
    manifest = Manifest.read(tmp_path / "laid/out")
    assert manifest.leaked["path"].tolist() == [f"{tmp_path}/laid/out/test/field/copy.jpg"]
    assert manifest.notes[0] == (
        "2 images have a copy, a near copy or one of their group on the other side of the source's "
        "own split, 1 of them in test: scores on such images flatter every classifier."
    )


def test_a_split_that_is_made_here_does_not_leak(near):
    assert Manifest.read(near).leaked.empty
