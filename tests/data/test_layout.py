"""How folders are read: the layouts that data sets come in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from layout_worlds import make_world, parse, read

from transferkit.data.sources.folder.layout import flat_folder
from transferkit.data.sources.folder.tree import Folder


@pytest.fixture
def world(tmp_path):
    """`world("train/cat:3 train/dog:2")`: the folder `data` laid out so."""
    return lambda text: make_world(tmp_path / "data", text)


CLASSES = [
    ("class folders", "cat:3 dog:2", "cat:3 dog:2"),
    ("numbered classes", "0:3 1:2 10:1", "0:3 1:2 10:1"),
    ("one folder too high", "cats_dogs/cats:3 cats_dogs/dogs:2", "cats:3 dogs:2"),
    ("two wrappers", "archive/PetImages/Cat:3 archive/PetImages/Dog:2", "Cat:3 Dog:2"),
    ("images/ beside a list", "images/cat:3 images/dog:2 metadata.csv", "cat:3 dog:2"),
    ("images within classes", "cat/images:3 dog/images:2", "cat:3 dog:2"),
    ("parts within classes", "cat/part1:3 cat/part2:2 dog/part1:2", "cat:5 dog:2"),
    ("dates within classes", "cat/2020-01-31:3 cat/2021-02-01:2 dog/20200131:1", "cat:5 dog:1"),
    ("sessions within classes", "cat/session_1:1 cat/session_2:1 dog/session_1:1", "cat:2 dog:1"),
    ("people by number", "cat/s01:1 cat/s02:1 dog/s01:1 dog/s03:1", "cat:2 dog:2"),
    ("films named after classes", "run/v_run_g01_c02:2 run/v_run_g02_c01:1 sit/a:1", "run:3 sit:1"),
    ("a folder in one class", "cat:3 cat/old/best:2 dog:4", "cat:5 dog:4"),
    ("a class called test", "test:3 control:2", "test:3 control:2"),
    ("classes called train and bus", "train:3 bus:2", "train:3 bus:2"),
    ("valid and invalid", "valid:3 invalid:2", "valid:3 invalid:2"),
    ("trains by kind", "steam_train:3 toy_train:2", "steam_train:3 toy_train:2"),
    ("annotations of text", "cat:3 dog:2 annotations/a.xml annotations/b.json", "cat:3 dog:2"),
    ("annotations of pictures", "cat:3 dog:2 annotations/trimaps:5", "cat:3 dog:2"),
    ("masks beside images", "images/cat:3 images/dog:2 masks:5", "cat:3 dog:2"),
    ("folds", "fold_0/cat:2 fold_0/dog:1 fold_1/cat:2 fold_1/dog:1", "cat:4 dog:2"),
    ("sessions around classes", "day1/a:1 day1/b:2 day2/a:1 day2/b:1", "a:2 b:3"),
    ("years around classes", "2019/a:1 2019/b:2 2020/a:1 2020/b:1", "a:2 b:3"),
]


@pytest.mark.parametrize(
    ("text", "rows"), [row[1:] for row in CLASSES], ids=[r[0] for r in CLASSES]
)
def test_classes_are_found_without_a_question(text, rows, world):
    assert read(world(text))[0] == parse(rows)


SPLITS = [
    (
        "usual",
        "train/a:3 train/b:2 val/a:1 test/b:1",
        "a@train:3 b@train:2 a@validation:1 b@test:1",
    ),
    ("upper case", "TRAIN/a:3 Test_Set/a:1", "a@train:3 a@test:1"),
    ("sets", "training_set/a:3 training_set/b:1 test_set/a:1", "a@train:3 b@train:1 a@test:1"),
    ("camel case", "TrainSet/a:3 TestSet/a:1", "a@train:3 a@test:1"),
    ("glued", "traindata/a:3 testdata/a:1", "a@train:3 a@test:1"),
    ("with years", "train2017/a:3 val2017/a:1", "a@train:3 a@validation:1"),
    ("twice", "seg_train/seg_train/a:3 seg_test/seg_test/a:1", "a@train:3 a@test:1"),
    (
        "predicted",
        "seg_train/seg_train/a:3 seg_test/seg_test/a:1 seg_pred/seg_pred:4",
        "a@train:3 a@test:1",
    ),
    ("named alike", "asl_train/asl_train/A:3 asl_test/asl_test/A:2", "A@train:3 A@test:2"),
    ("named alike, flat", "asl_train/asl_train/A:3 asl_test/asl_test:2", "A@train:3"),
    (
        "images within",
        "train/images/a:3 train/images/b:1 test/images/a:1",
        "a@train:3 b@train:1 a@test:1",
    ),
    ("a wrapper", "archive/train/a:3 archive/test/a:1", "a@train:3 a@test:1"),
    ("dev and holdout", "train/a:3 dev/a:2 holdout/a:1", "a@train:3 a@validation:2 a@test:1"),
    ("evaluated", "train/a:3 eval/a:2", "a@train:3 a@test:2"),
    ("evaluated and tested", "train/a:3 eval/a:2 test/a:1", "a@train:3 a@validation:2 a@test:1"),
    ("flat test", "train/a:3 train/b:3 test:4", "a@train:3 b@train:3"),
    ("flat test and val", "train/a:3 val/a:2 test:4", "a@train:3 a@validation:2"),
    ("unlabeled", "train/a:3 train/b:3 unlabeled:4", "a@train:3 b@train:3"),
    ("Keras' nameless test", "train/a:3 val/a:2 test/unknown:4", "a@train:3 a@validation:2"),
    ("empty test and val", "train/a:3 train/b:2 test/ val/", "a@train:3 b@train:2"),
    (
        "within classes",
        "a/train:3 a/test:1 b/train:2 b/test:2",
        "a@train:3 a@test:1 b@train:2 b@test:2",
    ),
    ("a class of one split", "a/train:3 a/test:1 b/train:2", "a@train:3 a@test:1 b@train:2"),
    ("one more of its classes", "train/a:3 train/b:2 extra/a:4 extra/b:4", "a@train:3 b@train:2"),
    (
        "val and test alone",
        "val/a:3 val/b:2 test/a:1 test/b:2",
        "a@validation:3 b@validation:2 a@test:1 b@test:2",
    ),
    ("numbers", "Train/0:3 Train/1:2 Test:4 Meta:3", "0@train:3 1@train:2"),
    (
        "a class that is a number",
        "train/0:3 train/1:3 test/0:1 test/1:1",
        "0@train:3 1@train:3 0@test:1 1@test:1",
    ),
    ("parts of a class", "train/a/part1:3 train/a/part2:1 test/a/part3:1", "a@train:4 a@test:1"),
    (
        "a set in a set",
        "chest/chest/train/a:1 chest/train/a:2 chest/test/a:1",
        "a@train:2 a@test:1",
    ),
]


@pytest.mark.parametrize(("text", "rows"), [row[1:] for row in SPLITS], ids=[r[0] for r in SPLITS])
def test_splits_are_found_without_a_question(text, rows, world):
    assert read(world(text))[0] == parse(rows)


LINES = [
    ("cat:3 dog:2", "Each folder in data/ is a class; 2 classes."),
    ("pets/cat:3 pets/dog:2", "Each folder in pets/ is a class; 2 classes."),
    (
        "cat/part1:3 cat/part2:1 dog:2",
        "Each folder in data/ is a class; 2 classes; folders within a class belong to it: "
        "'cat/part1', 'cat/part2'.",
    ),
    (
        "train/a:3 train/b:3 val/a:1 test:1 unlabeled:4",
        "train/ and val/ are splits; 2 classes; 1 file in test/ has no class and was left out; "
        "4 files in unlabeled/ have no class and were left out.",
    ),
    (
        "train/a:3 train/b:3 val/ test/",
        "train/ is a split; 2 classes; test/ and val/ hold no images.",
    ),
    (
        "fold_0/a:1 fold_0/b:1 fold_1/a:1 fold_1/b:1",
        "fold_0/ and fold_1/ are parts of one set; 2 classes.",
    ),
    (
        "a/train:3 a/test:1 b/train:2 b/test:2",
        "test/ and train/ within the class folders are splits; 2 classes.",
    ),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_one_line_says_how_it_was_read(text, line, world):
    assert read(world(text))[1] == line


def test_linked_class_folders_are_read_as_others(world, tmp_path):
    world("store/cat:2 store/dog:1")
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("cat", "dog"):
        os.symlink(tmp_path / "data/store" / name, linked / name)
    assert read(linked)[0] == {"cat": 2, "dog": 1}


def test_the_working_folder_has_its_name_in_the_line(world, monkeypatch):
    monkeypatch.chdir(world("cat:1 dog:1"))
    assert read(Path("."))[1] == "Each folder in data/ is a class; 2 classes."


LISTS_BESIDE_IMAGES = [
    (["sampleSubmission.csv"], None),
    (["sample_submission.csv", "train.csv"], "train.csv"),
    (["train_masks.csv"], None),
    (["a.csv", "labels.csv"], "labels.csv"),
    (["test.csv", "train_labels.csv"], "train_labels.csv"),
    (["birds.csv"], "birds.csv"),
]


@pytest.mark.parametrize(("names", "offered"), LISTS_BESIDE_IMAGES)
def test_beside_images_only_what_may_be_a_list_of_labels_is_offered(names, offered, tmp_path):
    top = Folder(tmp_path)
    top.files = [*names, "a.png"]
    sentence = flat_folder(top, top)
    assert [f"(is it {name!r}?)" in sentence for name in names] == [
        name == offered for name in names
    ]
