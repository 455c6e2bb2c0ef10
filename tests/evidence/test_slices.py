"""The accuracy on parts of the test images."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.errors import DataError
from transferkit.evidence.intervals import wilson
from transferkit.evidence.slices import Slice, slice_scores

RIGHT = [[0.9, 0.1]]
WRONG = [[0.1, 0.9]]


def test_the_slices_are_listed_by_accuracy_the_worst_first() -> None:
    answers = np.array(RIGHT * 3 + WRONG + RIGHT + WRONG * 2 + RIGHT * 2)
    names = ["ward"] * 4 + ["home"] * 3 + ["lab"] * 2
    assert slice_scores(np.zeros(9, int), answers, names) == [
        Slice("home", 3, 1 / 3, wilson(1, 3)),
        Slice("ward", 4, 3 / 4, wilson(3, 4)),
        Slice("lab", 2, 1.0, wilson(2, 2)),
    ]


def test_of_equally_accurate_slices_the_larger_comes_first_and_then_by_name() -> None:
    answers = np.array(RIGHT * 4)
    found = slice_scores(np.zeros(4, int), answers, ["b", "a", "c", "c"])
    assert [each.name for each in found] == ["c", "a", "b"]


def test_a_slice_of_one_image_tells_little() -> None:
    (found,) = slice_scores(np.zeros(1, int), np.array(RIGHT), ["only"])
    assert found.accuracy == 1
    assert found.interval.low < 0.25


def test_each_image_needs_a_name() -> None:
    with pytest.raises(DataError) as error:
        slice_scores(np.zeros(2, int), np.array(RIGHT * 2), ["one"])
    assert str(error.value) == (
        "The images are 2 and the names of their slices 1: there should be one for each."
    )
