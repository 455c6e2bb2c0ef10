import os

import numpy as np
import pytest
from drawn_scenes import scene
from PIL import Image, ImageDraw

from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest

pytestmark = pytest.mark.slow


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


def test_near_duplicates_of_a_class_are_kept_in_one_split_and_named(near):
    for seed in range(5):
        manifest = Manifest.read(near, seed=seed)
        copies = manifest.usable[manifest.usable["group"] != ""]
        assert [os.path.relpath(path, near) for path in copies["path"]] == [
            "field/000.png",
            "field/copy.jpg",
        ]
        assert copies["split"].nunique() == 1
    assert manifest.notes[1:] == (
        "Near copies of other files (rescaled, recompressed, cropped, mirrored or turned), one "
        "group for each (1): 'field/copy.jpg'; --data.no-near-duplicates (near_duplicates=False) "
        "leaves the search out.",
    )


def test_near_duplicates_are_not_sought_where_that_is_set_so(near):
    manifest = Manifest.read(near, DataConfig(near_duplicates=False))
    assert set(manifest.frame["group"]) == {""}


def test_near_duplicates_under_two_labels_are_kept_together_and_named(near):
    os.rename(near / "field/copy.jpg", near / "wood/copy.jpg")
    manifest = Manifest.read(near)
    assert manifest.notes[1:] == (
        "Near copies under different labels, kept on one side of a split (2): "
        "'field/000.png', 'wood/copy.jpg'; --data.no-near-duplicates "
        "(near_duplicates=False) "
        "leaves the "
        "search out.",
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
    assert manifest.notes[1] == (
        "2 images have a copy, a near copy or one of their group on the other side of the source's "
        "own split, 1 of them in test: scores on such images flatter every classifier."
    )


def test_a_split_that_is_made_here_does_not_leak(near):
    assert Manifest.read(near).leaked.empty


def gauge(angle, seed):
    """A reading of a gauge before a wall, as a camera on a stand sees it, its noise of its own."""
    wall = np.asarray(scene(99), float) + np.random.default_rng(seed).normal(0, 3, (240, 320, 3))
    picture = Image.fromarray(wall.clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((110, 70, 210, 170), fill="white", outline="black", width=3)
    tip = 160 + 45 * np.cos(angle), 120 + 45 * np.sin(angle)
    pen.line((160, 120, *tip), fill="red", width=3)
    return picture


@pytest.fixture
def static(tmp_path):
    """Two classes of eight frames of one scene each, in which nothing but noise changes."""
    for number in range(16):
        folder = tmp_path / "static" / ("high", "low")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        gauge(2 + number % 2, number).save(folder / f"{number:02}.jpg", quality=90)
    return tmp_path / "static"


def test_frames_of_a_fixed_camera_are_split_and_the_flag_is_named(static):
    manifest = Manifest.read(static)
    assert (manifest.counts() > 0).all(axis=None)
    assert set(manifest.frame["group"]) == {""}
    assert manifest.notes[1:] == (
        "Nearly identical images that make up most of a class, as of a fixed camera; only exact "
        "copies are kept together (16): 'high/00.jpg', 'high/02.jpg', 'high/04.jpg', "
        "'high/06.jpg', 'high/08.jpg' and 11 more; --data.no-near-duplicates "
        "(near_duplicates=False) leaves the search out.",
    )


def test_readings_that_a_camera_on_a_stand_takes_of_one_gauge_are_no_near_duplicates(tmp_path):
    for number in range(16):
        folder = tmp_path / ("high", "low")[number % 2]
        folder.mkdir(exist_ok=True)
        gauge(number / 3, number).save(folder / f"{number:02}.jpg", quality=90)
    manifest = Manifest.read(tmp_path)
    assert set(manifest.frame["group"]) == {""}
    assert (manifest.counts() > 0).all(axis=None)
    assert manifest.notes[1:] == ()


def test_a_folder_that_was_augmented_beforehand_keeps_each_picture_in_one_split(tmp_path):
    for number in range(12):
        folder = tmp_path / ("field", "wood")[number % 2]
        folder.mkdir(exist_ok=True)
        picture = scene(number)
        picture.save(folder / f"{number:02}.jpg")
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"{number:02}-m.jpg")
        picture.transpose(Image.Transpose.ROTATE_90).save(folder / f"{number:02}-t.jpg")
    usable = Manifest.read(tmp_path).usable
    pictures = usable["path"].map(os.path.basename).str[:2]
    assert usable.groupby(pictures)["split"].nunique().eq(1).all()
    assert usable.groupby(pictures)["group"].nunique().eq(1).all()
    assert usable["group"].nunique() == 12


def test_frames_of_a_fixed_camera_in_the_sources_own_splits_are_no_leaks(static, tmp_path):
    for path in sorted(static.rglob("*.jpg")):
        split = "test" if path.stem in ("00", "01") else "train"
        place = tmp_path / "laid" / split / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.rename(path, place)
    assert Manifest.read(tmp_path / "laid", DataConfig(strict=True)).leaked.empty
