"""Folders that have two readings, or none: the sentence, and the flag that decides."""

from __future__ import annotations

import pytest
from layout_worlds import make_world, parse, read

from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.errors import DataError


@pytest.fixture
def world(tmp_path):
    """`world("train/cat:3 train/dog:2")`: the folder `data` laid out so."""
    return lambda text: make_world(tmp_path / "data", text)


FRUIT = "Fruit/Apple/Golden:2 Fruit/Apple/Red:2 Fruit/Pear:2 Root/Beet:2 Root/Carrot:2"
TWO_READINGS = [
    (
        FRUIT,
        "as 2 classes, 'Fruit', 'Root' (--data.layout classes), or as 5 classes, "
        "'Fruit/Apple/Golden', 'Fruit/Apple/Red', 'Fruit/Pear', 'Root/Beet', 'Root/Carrot' "
        "(--data.layout nested)",
    ),
    (
        " ".join(f"{split}/{item}" for split in ("train", "test") for item in FRUIT.split()),
        "as 2 classes, 'Fruit', 'Root' (--data.layout splits), or as 5 classes, "
        "'Fruit/Apple/Golden', 'Fruit/Apple/Red', 'Fruit/Pear', 'Root/Beet', 'Root/Carrot' "
        "(--data.layout nested)",
    ),
    (
        "paris/cat:2 paris/dog:2 rome/cat:2 rome/dog:2",
        "as 2 classes, 'paris', 'rome' (--data.layout classes), or as 2 classes, 'cat', 'dog' "
        "(--data.layout parts)",
    ),
    (
        "train/steam:2 train/electric:2 bus/city:2 bus/coach:2",
        "as 2 classes, 'bus', 'train' (--data.layout classes), or as 4 classes, 'bus/city', "
        "'bus/coach', 'train/electric', 'train/steam' (--data.layout nested)",
    ),
    (
        "mammal/n02085620:2 mammal/n02085782:2 bird/n01514668:2 bird/n01514859:2",
        "as 2 classes, 'bird', 'mammal' (--data.layout classes), or as 4 classes, "
        "'bird/n01514668', 'bird/n01514859', 'mammal/n02085620', 'mammal/n02085782' "
        "(--data.layout nested)",
    ),
]


@pytest.mark.parametrize(("text", "readings"), TWO_READINGS)
def test_two_readings_are_refused_with_the_flags(text, readings, world):
    folder = world(text)
    with pytest.raises(DataError) as caught:
        scan_folder(folder)
    assert str(caught.value) == (
        f"The folders of {str(folder)!r} can be read in two ways: {readings}; "
        "pass one of the two flags."
    )


CHOSEN = [
    ("classes", FRUIT, "Fruit:6 Root:4"),
    ("nested", "b/x:1 b/y:2 a:3", "a:3 b/x:1 b/y:2"),
    ("nested", "b:1 b/y:2 a/images:3", "a:3 b:1 b/y:2"),
    ("parts", "paris/cat:2 paris/dog:2 rome/cat:1", "cat:3 dog:2"),
    ("splits", "train/A/x:2 train/B/y:1 test/A/x:1", "A@train:2 B@train:1 A@test:1"),
    (
        "nested",
        "train/A/x:2 train/A/y:1 train/B:3 test/B:1",
        "A/x@train:2 A/y@train:1 B@train:3 B@test:1",
    ),
    ("classes", "train:2 test:1", "train:2 test:1"),
    ("classes", "train/a:2 test/a:1", "train:2 test:1"),
    ("classes", "fold_0/a:1 fold_0/b:1 fold_1/a:1 fold_1/b:1", "fold_0:2 fold_1:2"),
    ("parts", "val/a:1 val/b:1 test/a:1 test/b:1", "a:2 b:2"),
    ("splits", "a/train:3 a/test:1 b/train:2", "a@train:3 a@test:1 b@train:2"),
]


@pytest.mark.parametrize(("layout", "text", "rows"), CHOSEN)
def test_the_flag_decides(layout, text, rows, world):
    assert read(world(text), layout)[0] == parse(rows)


def test_splits_that_are_asked_for_and_not_there_are_a_sentence(world):
    folder = world("cat:1 dog:1")
    with pytest.raises(DataError) as caught:
        scan_folder(folder, "splits")
    assert str(caught.value) == (
        f"No sub-folder of {str(folder)!r} is named as a split, such as train, val and test: "
        "leave --data.layout out, or rename them."
    )


def test_flat_splits_are_no_classes(world):
    folder = world("train_images:3 test_images:2 train.csv")
    with pytest.raises(DataError) as caught:
        scan_folder(folder)
    assert str(caught.value) == (
        f"test_images/ and train_images/ in {str(folder)!r} are named as splits, and train_images/ "
        "has no class folders: put the images of each class into a sub-folder of it, or give a "
        ".csv file with the columns path,label (is it 'train.csv'?); if these folders are the "
        "classes, pass --data.layout classes."
    )


@pytest.mark.parametrize(
    "text", ["images:3 metadata.csv", "train/images:3 train/labels/a.txt val/images:1"]
)
def test_images_without_class_folders_are_a_sentence(text, world):
    with pytest.raises(DataError, match="no class folders: put the images of each class"):
        scan_folder(world(text))
