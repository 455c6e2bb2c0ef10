"""Which names are those of splits, and which only hold such a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferkit.data.sources.split_names import WORDS, named_splits, split_of

NAMES = [
    *((name, "train") for name in ("train", "Training", "TRAIN_SET", "train-images", "TrainSet")),
    *((name, "train") for name in ("trainset", "seg_train", "train2017", "my train", "trainval")),
    *((name, "validation") for name in ("val", "valid", "VALIDATION", "dev", "val_data", "valset")),
    *((name, "test") for name in ("test", "testing", "test_set", "hold-out", "holdout", "test1")),
    *((name, "evaluation") for name in ("eval", "evaluation_set")),
    *((name, "unlabelled") for name in ("unlabeled", "Unlabelled_Data", "seg_pred", "submission")),
    *((name, None) for name in ("cat", "trains", "train_station", "contest", "invalid", "images")),
    *((name, None) for name in ("train_test", "2017", "", "testament", "asl_train")),
]


@pytest.mark.parametrize(("name", "split"), NAMES)
def test_a_name_alone_says_its_split_or_none(name, split):
    assert split_of(name) == split


SETS = [
    ("asl_train asl_test", "train test"),
    ("asl_train dog_test", ""),
    ("steam_train toy_train", ""),
    ("cats_train cats_test dogs_train dogs_test", ""),
    ("train eval", "train test"),
    ("train eval test", "train validation test"),
    ("cat dog", ""),
]


@pytest.mark.parametrize(("names", "splits"), SETS)
def test_names_beside_each_other_tell_more(names, splits):
    assert list(named_splits(names.split()).values()) == splits.split()


@given(st.sampled_from(sorted(WORDS)), st.sampled_from(["", "_set", " images", "-data", "Set"]))
def test_every_word_for_a_split_is_one_with_what_says_nothing(word, more):
    assert split_of(word + more) == split_of(word) == split_of(word.upper()) is not None


@given(st.lists(st.text(max_size=12)))
def test_no_names_are_too_odd(names):
    assert set(named_splits(names)) <= set(names)
