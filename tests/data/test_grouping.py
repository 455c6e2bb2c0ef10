from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.data.quality.grouping import joined, without_whole_classes


def listed(labels, groups=None, splits=None):
    """A frame of usable rows, one for each letter of `labels`."""
    blank = [""] * len(labels)
    values = {"label": list(labels), "group": groups or blank, "split": splits or blank}
    return pd.DataFrame(values | {"problem": blank}, dtype=object)


def chain(first, last):
    """Pairs that join all rows from `first` to `last`."""
    return list(pairwise(range(first, last + 1)))


def test_near_duplicates_that_leave_room_for_a_test_may_be_grouped():
    near = chain(0, 7)  # 8 of 10
    assert without_whole_classes(listed("a" * 10 + "b"), exact=[], near=near) == (near, [])


def test_near_duplicates_of_all_of_a_class_may_not():
    near, other = chain(0, 8), chain(10, 11)  # 9 of 10 of the one class, 2 of 5 of the other
    frame = listed("a" * 10 + "b" * 5)
    assert without_whole_classes(frame, exact=[], near=[*near, *other]) == (other, near)


@pytest.mark.parametrize(("images", "alike"), [(18, 10), (19, 9)])
def test_many_near_duplicates_may_not_be_half_of_a_class(images, alike):
    near, large = chain(0, alike - 1), alike >= 10
    found = without_whole_classes(listed("a" * images + "bb"), exact=[], near=near)
    assert found == (([], near) if large else (near, []))


def test_near_duplicates_across_classes_may_not_where_they_are_all_of_one_of_them():
    near = chain(0, 6)  # all 4 of the one class, 3 of 10 of the other
    assert without_whole_classes(listed("aaaa" + "b" * 10), exact=[], near=near) == ([], near)


def test_a_pair_that_is_all_of_a_small_class_may_be_grouped():
    frame = listed("aa" + "b" * 10)
    assert without_whole_classes(frame, exact=[], near=[(0, 1)]) == ([(0, 1)], [])


def test_a_class_that_the_sources_groups_take_is_theirs():
    frame = listed("a" * 10 + "bbb", ["ann"] * 10 + [""] * 3)
    assert without_whole_classes(frame, exact=[], near=[(0, 1)]) == ([(0, 1)], [])


def test_near_duplicates_that_join_the_sources_groups_to_all_of_a_class_may_not_be_grouped():
    frame = listed("a" * 10 + "bbb", ["ann"] * 5 + ["bob"] * 5 + [""] * 3)
    assert without_whole_classes(frame, exact=[], near=[(4, 5)]) == ([], [(4, 5)])


@pytest.mark.parametrize("labels", ["aabb", "aaabbb", "aa" + "b" * 7])
def test_near_duplicates_may_not_be_grouped_where_no_class_could_be_split_then(labels):
    first = labels.count("a")
    near = [*chain(0, first - 1), *chain(first, len(labels) - 1)]
    assert without_whole_classes(listed(labels), exact=[], near=near) == ([], near)


def test_near_duplicates_may_be_grouped_where_no_class_could_be_split_without_either():
    assert without_whole_classes(listed("ab"), exact=[], near=[(0, 1)]) == ([(0, 1)], [])


def test_few_near_duplicates_on_both_sides_of_the_sources_split_may_be_grouped():
    frame = listed("aabb", splits=["train", "test"] * 2)
    near = [(0, 1), (2, 3)]
    assert without_whole_classes(frame, exact=[], near=near) == (near, [])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=24), st.data())
def test_what_may_be_grouped_leaves_a_class_split_wherever_one_can_be(labels, data):
    rows = st.integers(0, len(labels) - 1)
    near = data.draw(st.lists(st.tuples(rows, rows), max_size=30))
    frame = listed(labels)
    grouped, alike = without_whole_classes(frame, exact=[], near=near)
    assert sorted([*grouped, *alike]) == sorted(near)
    sets = pd.Series(joined(len(frame), grouped)).groupby(frame["label"]).nunique()
    assert (sets > 1).any() == frame["label"].duplicated().any()
