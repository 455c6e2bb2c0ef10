"""Folders that are no part of a set: left out and named, or classes after all."""

from __future__ import annotations

import pytest
from layout_worlds import make_world, parse, read

from transferkit.data.sources.folder.folder_names import is_nameless, is_system, may_be_annotations
from transferkit.data.sources.folder.image_folder import scan_folder


@pytest.fixture
def world(tmp_path):
    """`world("train/cat:3 train/dog:2")`: the folder `data` laid out so."""
    return lambda text: make_world(tmp_path / "data", text)


MASKS = "Folders of masks or annotations beside images were left out"
COPIES = "Folders that hold the classes beside them again were left out"
UNLABELLED = "Folders with images that have no class were left out"
PROJECT = "Folders beside the data were left out"
ASIDE = [
    (MASKS, "A/images:3 A/masks:3 B/images:2 B/masks:2", "A:3 B:2", "'A/masks', 'B/masks'"),
    (MASKS, "D/A/images:3 D/A/lung_masks:3 D/B/images:2", "A:3 B:2", "'D/A/lung_masks'"),
    (MASKS, "A:3 A/masks:3 B:2 B/Annotations:2", "A:3 B:2", "'A/masks', 'B/Annotations'"),
    (
        MASKS,
        "train/A/images:3 train/A/masks:3 train/B/images:2",
        "A@train:3 B@train:2",
        "'train/A/masks'",
    ),
    (MASKS, "images/A:3 images/B:2 masks:5", "A:3 B:2", "'masks'"),
    (MASKS, "A:3 B:2 annotations/trimaps:5", "A:3 B:2", "'annotations'"),
    (COPIES, "X/P:3 X/U:2 X/X/P:3 X/X/U:2", "P:3 U:2", "'X/X'"),
    (COPIES, "yes:3 no:2 bt/yes:3 bt/no:2", "yes:3 no:2", "'bt'"),
    (COPIES, "cats:3 dogs:2 backup/cats:1 backup/dogs:1", "cats:3 dogs:2", "'backup'"),
    (COPIES, "A:3 B:2 train/A:1 train/B:1", "A:3 B:2", "'train'"),
    *(
        (UNLABELLED, f"A:3 B:2 {name}:4", "A:3 B:2", f"'{name}'")
        for name in ("unlabeled", "predict", "submission")
    ),
    (UNLABELLED, "labelled/A:3 labelled/B:2 unlabelled:6", "A:3 B:2", "'unlabelled'"),
    (PROJECT, "data/A:3 data/B:2 docs:1", "A:3 B:2", "'docs'"),
    (
        PROJECT,
        "data/train/A:3 data/train/B:2 data/test/A:1 figs:1 wandb/x:1",
        "A@train:3 B@train:2 A@test:1",
        "'figs', 'wandb'",
    ),
]


@pytest.mark.parametrize(("sentence", "text", "rows", "names"), ASIDE)
def test_what_is_no_part_of_the_set_is_left_out_and_named(sentence, text, rows, names, world):
    folder = world(text)
    assert read(folder)[0] == parse(rows)
    assert f"{sentence}: {names}." in scan_folder(folder).notes


CLASSES = [
    "landmarks:3 people:2 food:1",
    "labels:3 boxes:2 tape:1",
    "labels:3 boxes:2 raw:1",
    "label:3 photos:2 tape:1",
    "masks:3 raw:2 gloves:1",
    "masks:3 gloves:2",
    "with_mask:3 without_mask:2",
    "images/with_mask:3 images/no_mask:2",
    "recycled:3 organic:2 landfill:1",
    "docs:3 reports:2",
    "models:3 results:2 cars:1",
    "unlabelled:3 labelled:2",
    "predict:3 test:2",
]


@pytest.mark.parametrize("text", CLASSES)
def test_a_class_may_be_called_as_what_is_left_out_elsewhere(text, world):
    folder = world(text)
    assert read(folder)[0] == parse(text.replace("images/", ""))
    assert len(scan_folder(folder).notes) == 1


def test_what_was_set_aside_is_a_class_where_that_is_asked_for(world):
    folder = world("yes:3 no:2 bt/yes:3 bt/no:2")
    assert read(folder, "classes")[0] == {"bt": 5, "no": 2, "yes": 3}
    assert len(scan_folder(folder, "classes").notes) == 1


@pytest.mark.parametrize("more", ["imdb/imdb.mat", "src/train.py", "models/a.h5", "labels/a.txt"])
@pytest.mark.parametrize("around", ["", "dtd/"])
def test_a_folder_without_images_is_no_class_and_no_level(around, more, world):
    folder = world(f"{around}images/banded:3 {around}images/dotted:2 {around}{more}")
    assert read(folder)[0] == {"banded": 3, "dotted": 2}


@pytest.mark.parametrize("name", ["masks", "lung_masks", "Ground Truth", "bounding_boxes", "gt"])
def test_the_last_word_says_that_a_folder_may_be_of_annotations(name):
    assert may_be_annotations(name)


@pytest.mark.parametrize("name", ["masked", "label printers", "people", "", "7"])
def test_other_words_say_nothing_of_annotations(name):
    assert not may_be_annotations(name)


@pytest.mark.parametrize("name", ["0", "1", "all_images", "unknown", "All Images"])
def test_images_of_which_nobody_says_what_they_show_have_no_class(name):
    assert is_nameless(name)


@pytest.mark.parametrize(("name", "system"), [("RECYCLED", True), ("recycled", False)])
def test_the_case_tells_an_old_recycler_from_a_class(name, system):
    assert is_system(name) is system
