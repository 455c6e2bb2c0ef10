"""The accuracy on parts of the test images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from transferkit.errors import DataError
from transferkit.evaluation.intervals import wilson
from transferkit.evaluation.slices import _design_effect, slice_scores

RIGHT = [[0.9, 0.1]]
WRONG = [[0.1, 0.9]]


def test_the_slices_are_listed_by_accuracy_the_worst_first() -> None:
    answers = np.array(RIGHT * 3 + WRONG + RIGHT + WRONG * 2 + RIGHT * 2)
    names = ["ward"] * 4 + ["home"] * 3 + ["lab"] * 2
    found = slice_scores(np.zeros(9, int), answers, names)
    assert [(each.name, each.images, each.accuracy) for each in found] == [
        ("home", 3, 1 / 3),
        ("ward", 4, 3 / 4),
        ("lab", 2, 1.0),
    ]
    assert [each.interval for each in found] == [wilson(1, 3), wilson(3, 4), wilson(2, 2)]


def test_of_equally_accurate_slices_the_larger_comes_first_and_then_by_name() -> None:
    answers = np.array(RIGHT * 4)
    found = slice_scores(np.zeros(4, int), answers, ["b", "a", "c", "c"])
    assert [each.name for each in found] == ["c", "a", "b"]


def test_a_slice_of_one_image_tells_little() -> None:
    (found,) = slice_scores(np.zeros(1, int), np.array(RIGHT), ["only"])
    assert found.accuracy == 1
    assert found.interval.low < 0.25
    assert (found.adjusted.low, found.adjusted.high) == (0, 1)
    assert (found.below, found.is_below) == (None, False)


def test_each_image_needs_a_name() -> None:
    with pytest.raises(DataError) as error:
        slice_scores(np.zeros(2, int), np.array(RIGHT * 2), ["one"])
    assert str(error.value) == (
        "The images are 2 and the names of their slices 1: there should be one for each."
    )


def answering(right: np.ndarray) -> np.ndarray:
    """Answers that are `right` `(images,)` where class 0 is the true one."""
    return np.where(right[:, None], RIGHT, WRONG)


def slices_of(right: np.ndarray, names, groups=()):
    found = slice_scores(np.zeros(len(right), int), answering(right), names, groups)
    return {each.name: each for each in found}


def test_the_adjusted_intervals_are_exact_and_of_all_slices_at_once() -> None:
    right = np.array([True] * 7 + [False] * 3 + [True] * 18 + [False] * 2)
    found = slices_of(right, ["a"] * 10 + ["b"] * 20)
    for name, hits, images in (("a", 7, 10), ("b", 18, 20)):
        theirs = binomtest(hits, images).proportion_ci(confidence_level=1 - 0.05 / 2)
        adjusted = found[name].adjusted
        assert (adjusted.low, adjusted.high) == pytest.approx((theirs.low, theirs.high))


def test_how_far_one_is_below_the_others_is_worked_out_from_the_two_intervals() -> None:
    right = np.array([True] * 7 + [False] * 3 + [True] * 18 + [False] * 2)
    found = slices_of(right, ["a"] * 10 + ["b"] * 20)
    own, other, gap = found["a"].adjusted, found["b"].adjusted, 0.9 - 0.7
    below = found["a"].below
    assert below.low == pytest.approx(gap - np.hypot(0.9 - other.low, own.high - 0.7))
    assert below.high == pytest.approx(gap + np.hypot(other.high - 0.9, 0.7 - own.low))
    assert not found["a"].is_below


def test_a_slice_that_is_clearly_worse_is_called_so_and_the_others_are_not() -> None:
    right = np.arange(300) % 20 > 0
    right[:60] = np.arange(60) % 2 > 0
    found = slices_of(right, np.repeat(["a", "b", "c", "d", "e"], 60))
    assert [name for name, each in found.items() if each.is_below] == ["a"]


def test_copies_in_a_slice_count_as_one() -> None:
    right = np.arange(20) % 4 > 0
    once = slices_of(right, ["a"] * 10 + ["b"] * 10)
    names, groups = ["a"] * 50 + ["b"] * 50, [str(row // 5) for row in range(100)]
    alone = slices_of(np.repeat(right, 5), names)
    found = slices_of(np.repeat(right, 5), names, groups)
    for which in ("interval", "adjusted", "below"):
        width, own, naive = (
            getattr(each["a"], which).high - getattr(each["a"], which).low
            for each in (found, once, alone)
        )
        assert width >= own > 1.5 * naive


def test_intervals_hold_where_images_come_in_groups() -> None:
    """Without the groups they hold in three of four; the worst of ten is then often a false one."""
    rng, held, together, worse, tests = np.random.default_rng(0), [], [], [], 150
    names, groups = [str(row // 40) for row in range(400)], [str(row // 4) for row in range(400)]
    for _ in range(tests):
        ease = np.repeat(rng.normal(size=100), 4)
        right = 0.85 * ease + 0.53 * rng.normal(size=400) < 1.036  # in 85 of 100
        found = slices_of(right, names, groups).values()
        held += [each.interval.low <= 0.85 <= each.interval.high for each in found]
        together.append(all(each.adjusted.low <= 0.85 <= each.adjusted.high for each in found))
        worse.append(any(each.is_below for each in found))
    assert np.mean(held) > 0.93
    assert np.mean(together) >= 0.95
    assert np.mean(worse) <= 0.04


def test_groups_whose_images_agree_count_once_in_every_slice() -> None:
    right = np.repeat(np.arange(20) % 2 > 0, 4)
    assert _design_effect(right, np.zeros(80, int), np.arange(80) // 4) == pytest.approx(4)
    assert _design_effect(right, np.zeros(80, int), np.arange(80)) == 1
