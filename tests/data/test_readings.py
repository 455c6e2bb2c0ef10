"""Every reading that a refusal names, taken: the flag or the folder reads what was said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_worlds import make_world, parse, read

from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.data.sources.folder.layout import read_layout
from transferkit.data.sources.folder.tree import Folder
from transferkit.errors import DataError

READING = re.compile(r"as ([\d,]+) class(?:es)?, [^()]*\(--data\.layout (\w+)\)")
FLAG = re.compile(r"--data\.layout (\w+) for ([\d,]+) class")
INNER = re.compile(r"(?:such as|or give) '([^']+)'")


@pytest.fixture
def world(tmp_path):
    """`world("train/cat:3 train/dog:2")`: the folder `data` laid out so."""
    return lambda text: make_world(tmp_path / "data", text)


def refusal(folder):
    """The sentence by which `folder` is refused."""
    with pytest.raises(DataError) as caught:
        scan_folder(folder)
    return str(caught.value)


def in_splits(folder, names="A B", splits="train test"):
    return " ".join(
        f"{folder}/{split}/{name}:2" for split in splits.split() for name in names.split()
    )


REFUSED = [
    "data/paris/cat:2 data/paris/dog:2 data/rome/cat:2 data/rome/dog:2",
    "a/b/paris/cat:2 a/b/paris/dog:2 a/b/rome/cat:2 a/b/rome/dog:2",
    "data/Fruit/Apple:2 data/Fruit/Pear:2 data/Root/Beet:2 data/Root/Carrot:2",
    "b/benign/SOB/aden/SOB_B_A_14-22AB/40X:2 b/benign/SOB/fib/SOB_B_F_1/40X:2 b/malign/SOB/duc/1:2",
    "data/A:2 data/B:2 stuff:3",
    f"{in_splits('fold1')} {in_splits('fold2')}",
    f"data/{in_splits('a')} b/{in_splits('b')}",
    f"{in_splits('original')} {in_splits('augmented')}",
    f"{in_splits('I/I')} {in_splits('L/L')}",
    "cd/cd/train/def:2 cd/cd/train/ok:2 cd/cd/test/ok:2 c5/c5/def:2 c5/c5/ok:2",
    f"raw/A:2 raw/B:2 {in_splits('processed')}",
    "bottle/train/good:2 bottle/test/good:2 cable/train/good:2 cable/test/bad:1",
]


@pytest.mark.parametrize("text", REFUSED)
def test_each_flag_that_a_refusal_names_reads_the_classes_that_it_counts(text, world):
    folder = world(text)
    sentence = refusal(folder)
    flags = READING.findall(sentence) + [pair[::-1] for pair in FLAG.findall(sentence)]
    assert flags
    for count, flag in flags:
        labels = {key.split("@")[0] for key in read(folder, flag)[0]}
        assert len(labels) == int(count) > 1


SETS = [
    (f"{in_splits('fold1')} {in_splits('fold2')}", "fold1"),
    (f"{in_splits('siteA')} {in_splits('siteB')}", "siteA"),
    (f"{in_splits('w/original')} {in_splits('w/augmented')}", "w/augmented"),
    (f"raw/A:2 raw/B:2 {in_splits('processed')}", "processed"),
    ("cd/cd/train/def:2 cd/cd/train/ok:2 cd/cd/test/ok:2 c5/c5/def:2 c5/c5/ok:2", "cd"),
    ("data/A:2 data/B:2 stuff:3", "data"),
]


@pytest.mark.parametrize(("text", "inner"), SETS)
def test_several_sets_side_by_side_are_refused_with_a_folder_that_reads(text, inner, world):
    folder = world(text)
    assert INNER.findall(refusal(folder)) == [str(folder / inner)]
    assert len({key.split("@")[0] for key in read(folder / inner)[0]}) == 2


def test_a_set_with_one_class_to_learn_is_no_advice(world):
    folder = world("bottle/train/good:2 bottle/test/good:2 cable/train/good:2 cable/test/bad:1")
    assert not INNER.findall(refusal(folder))


ONE_SET = [
    (f"{in_splits('data')} docs/fig:1", 8),
    (f"{in_splits('W/W', splits='train valid')} test/test:4", 8),
    (f"{in_splits('data')} src/train.py", 8),
]


@pytest.mark.parametrize(("text", "images"), ONE_SET)
def test_one_set_with_splits_is_read_whatever_lies_beside_it(text, images, world):
    counts = read(world(text))[0]
    assert {key.split("@")[0] for key in counts} == {"A", "B"}
    assert sum(counts.values()) == images


BESIDE = [
    ("A:2 B:2 test/A:1 test/B:1", "A@train:2 B@train:2 A@test:1 B@test:1"),
    ("A:2 B:2 val/A:1 val/B:1", "A@train:2 B@train:2 A@validation:1 B@validation:1"),
    ("A:2 B:2 val:4 test:4", "A@train:2 B@train:2"),
    (
        "fold_1/A:2 fold_1/B:2 fold_2/A:2 fold_2/B:2 test/A:1 test/B:1",
        "A@train:4 B@train:4 A@test:1 B@test:1",
    ),
    (
        "folds/fold1/A:2 folds/fold1/B:2 folds/fold2/A:2 folds/fold2/B:2 test/A:1 test/B:1",
        "A@train:4 B@train:4 A@test:1 B@test:1",
    ),
    (
        "train/fold1/A:2 train/fold1/B:2 train/fold2/A:2 train/fold2/B:2 test/A:1 test/B:1",
        "A@train:4 B@train:4 A@test:1 B@test:1",
    ),
    (
        "cat_train:2 cat_test:1 dog_train:2 dog_test:1",
        "cat@train:2 cat@test:1 dog@train:2 dog@test:1",
    ),
    (
        "train_cat:2 test_cat:1 train_dog:2 test_dog:1",
        "cat@train:2 cat@test:1 dog@train:2 dog@test:1",
    ),
    ("trn/A:2 trn/B:2 tst/A:1", "A@train:2 B@train:2 A@test:1"),
    ("learn/A:2 learn/B:2 test/A:1", "A@train:2 B@train:2 A@test:1"),
    ("train_valid/A:2 train_valid/B:2 test/A:1", "A@train:2 B@train:2 A@test:1"),
    ("train/A:2 train/B:2 valid/A:1 train_valid/A:3", "A@train:2 B@train:2 A@validation:1"),
    *(
        (f"train/A:2 train/B:2 test/{name}:6", "A@train:2 B@train:2")
        for name in ("0", "1", "all_images")
    ),
    ("data/fold_1/A:2 data/fold_1/B:1 data/fold_2/A:2 data/fold_2/B:1", "A:4 B:2"),
    ("IDC/8863/0:2 IDC/8863/1:1 IDC/9173/0:2 IDC/9173/1:1", "0:4 1:2"),
]


@pytest.mark.parametrize(("text", "rows"), BESIDE)
def test_splits_and_parts_in_other_arrangements_are_read(text, rows, world):
    assert read(world(text))[0] == parse(rows)


NAMES = ["A", "B", "cats", "dogs", "train", "test", "val", "fold_1", "fold_2", "data", "images"]
NAMES += ["masks", "unlabeled", "raw", "docs", "0", "s01"]
TREES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4),
    max_leaves=12,
)


def grow(path, plan):
    """The folder of `plan`: how many images are in it, or what its sub-folders are."""
    if isinstance(plan, int):
        files = [f"{number}.jpg" for number in range(plan)]
        return Folder(path, files=files, own=plan, total=plan)
    folders = [grow(path / name, inner) for name, inner in sorted(plan.items())]
    return Folder(path, folders=folders, total=sum(folder.total for folder in folders))


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_no_tree_is_refused_with_a_reading_that_fails(plan):
    root = Path("nowhere")
    if not grow(root, plan).total:
        return
    try:
        read_layout(grow(root, plan))
    except DataError as error:
        sentence = str(error)
        flags = READING.findall(sentence) + [pair[::-1] for pair in FLAG.findall(sentence)]
        for count, flag in flags:
            labels = read_layout(grow(root, plan), flag).labels
            assert len(labels) == int(count) > 1, (flag, sentence)
        if "these folders are the classes, pass --data.layout classes" in sentence:
            assert len(read_layout(grow(root, plan), "classes").labels) > 1
