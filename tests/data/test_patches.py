"""The sample of patches: where each is from, that nothing leaks, and that none is known by grey."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import sklearn.datasets
from PIL import Image

from transferkit.data.manifest import Manifest
from transferkit.data.samples.patches import PHOTOGRAPHS, write_patches
from transferkit.errors import DataError

pytestmark = pytest.mark.slow

SIDE, REGION = 48, 96  # pixels: of a patch, and of what goes to one split as a whole
SPLITS = ("train", "validation", "test")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def place(name: str) -> tuple[str, str, int, int]:
    """Split, class, row and column of the patch `SPLIT/CLASS/RR-CC.png`."""
    split, label, file = name.split("/")
    row, column = file.removesuffix(".png").split("-")
    return split, label, int(row), int(column)


@pytest.fixture(scope="module")
def patches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole sample; not to be written to."""
    return write_patches(tmp_path_factory.mktemp("sample") / "patches")


@pytest.fixture(scope="module")
def places(patches: Path) -> list[tuple[str, str, int, int]]:
    return [place(name) for name in contents(patches)]


@pytest.fixture(scope="module")
def pixels(patches: Path) -> dict[str, np.ndarray]:
    """`(48, 48)` values of 0..255 of each patch."""
    found = {}
    for name in contents(patches):
        with Image.open(patches / name) as picture:
            assert (picture.mode, picture.size) == ("L", (SIDE, SIDE))
            found[name] = np.asarray(picture, float)
    return found


def test_the_sample_has_its_1110_patches(places):
    assert len(places) == 1110


def test_every_class_has_ten_patches_or_more_in_each_split(places):
    found = Counter((split, label) for split, label, *_ in places)
    assert set(found) == {(split, label) for split in SPLITS for label in PHOTOGRAPHS}
    assert min(found.values()) >= 10


def test_a_fifth_of_the_patches_is_there_for_the_test(places):
    assert 0.18 < np.mean([split == "test" for split, *_ in places]) < 0.22


def test_no_two_patches_have_one_place(places):
    assert len({(label, row, column) for _, label, row, column in places}) == len(places)


def test_a_region_of_four_patches_is_in_one_split(places):
    splits: dict[tuple[str, int, int], set[str]] = {}
    for split, label, row, column in places:
        region = (label, row * SIDE // REGION, column * SIDE // REGION)
        splits.setdefault(region, set()).add(split)
    assert {len(each) for each in splits.values()} == {1}


@pytest.mark.parametrize("label", ["brick", "coffee", "temple"])
def test_a_patch_is_the_square_that_its_name_says(pixels, label):
    source = PHOTOGRAPHS[label]
    if source.endswith(".jpg"):
        colours = sklearn.datasets.load_sample_image(source)
    else:
        colours = getattr(skimage.data, source)()
    whole = np.asarray(Image.fromarray(colours).convert("L"), float)
    for name, patch in pixels.items():
        _, other, row, column = place(name)
        if other == label:
            square = whole[row * SIDE :, column * SIDE :][:SIDE, :SIDE]
            brighter = np.argsort(square, axis=None, kind="stable")
            assert (np.diff(patch.ravel()[brighter]) >= 0).all()


def test_all_patches_have_the_same_mean(pixels):
    assert [name for name, patch in pixels.items() if abs(patch.mean() - 128) > 1] == []


def test_all_patches_have_the_same_contrast(pixels):
    assert [name for name, patch in pixels.items() if abs(patch.std() - 32) > 1] == []


def test_the_sample_has_the_same_bytes_each_time(patches, tmp_path):
    assert contents(write_patches(tmp_path / "again")) == contents(patches)


def test_the_sample_needs_no_network(patches, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network is off")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert set(contents(write_patches(tmp_path / "offline"))) == set(contents(patches))


def test_a_manifest_takes_the_splits_of_the_sample(patches, places):
    manifest = Manifest.read(patches)
    assert manifest.classes == tuple(sorted(PHOTOGRAPHS))
    found = {split: len(manifest.part(split)) for split in SPLITS}
    assert found == Counter(split for split, *_ in places)


def test_a_folder_that_holds_the_sample_is_left_as_it_is(patches):
    before = {path: path.stat().st_mtime_ns for path in patches.rglob("*")}
    assert write_patches(patches) == patches
    assert {path: path.stat().st_mtime_ns for path in patches.rglob("*")} == before


def test_a_folder_that_holds_something_else_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError) as caught:
        write_patches(tmp_path)
    assert str(caught.value) == (
        f"{str(tmp_path)!r} holds something other than the sample of 1,110 patches, "
        "and nothing is overwritten: choose a folder that does not exist yet."
    )
    assert contents(tmp_path) == {"mine.txt": b"mine"}
