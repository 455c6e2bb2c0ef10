"""Training sets of growing size: how many, which, and whole groups."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.learning_curves.subsets import draw_subset, subset_sizes

EVEN = np.repeat([0, 1, 2], 60)
ALONE = [""] * len(EVEN)


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ([60, 60, 60], [1, 2, 5, 10, 20]),  # 50 of 60 are as good as all
        ([65, 65], [1, 2, 5, 10, 20, 50]),
        ([2, 3], [1, 2]),
        ([1, 1], []),
        ([100, 4], [1, 2, 5, 10, 20, 50]),  # the small class gives its four
    ],
)
def test_the_sizes_go_on_while_they_are_clearly_less_than_all(counts, sizes):
    assert subset_sizes(np.repeat(range(len(counts)), counts)) == sizes


def test_each_class_gives_as_many_as_are_asked_for():
    rows = draw_subset(EVEN, ALONE, 7, seed=(0, 0))
    assert np.bincount(EVEN[rows]).tolist() == [7, 7, 7]
    assert len(set(rows)) == 21


def test_a_class_with_fewer_gives_all_that_it_has():
    truth = np.repeat([0, 1], [30, 3])
    rows = draw_subset(truth, [""] * 33, 10, seed=(0, 0))
    assert np.bincount(truth[rows]).tolist() == [10, 3]


def test_a_larger_size_has_what_the_smaller_one_has():
    small, large = (draw_subset(EVEN, ALONE, size, seed=(3, 1)) for size in (5, 20))
    assert set(small) <= set(large)


def test_another_draw_is_another_set_and_the_same_draw_the_same():
    first, second, again = (draw_subset(EVEN, ALONE, 5, seed=(0, draw)) for draw in (0, 1, 0))
    assert set(first) != set(second)
    assert np.array_equal(first, again)


def test_groups_are_drawn_together_or_not_at_all():
    groups = [f"{place // 4}" for place in range(len(EVEN))]
    rows = draw_subset(EVEN, groups, 9, seed=(0, 0))
    assert np.bincount(EVEN[rows]).tolist() == [8, 8, 8]
    drawn = {groups[row] for row in rows}
    assert {place for place, name in enumerate(groups) if name in drawn} == set(rows)


def test_a_class_whose_groups_are_all_too_large_gives_one_of_them():
    truth = np.repeat([0, 1], [20, 10])
    groups = [""] * 20 + ["a"] * 5 + ["b"] * 5
    rows = draw_subset(truth, groups, 2, seed=(0, 0))
    assert np.bincount(truth[rows]).tolist() == [2, 5]


def test_a_group_of_several_classes_counts_for_each():
    truth = np.array([0, 1] * 10)
    groups = [f"{place // 4}" for place in range(20)]  # two of each class
    rows = draw_subset(truth, groups, 5, seed=(0, 0))
    assert np.bincount(truth[rows]).tolist() == [4, 4]
