import os

import pandas as pd
import pytest

from transferkit.config.settings import DataConfig
from transferkit.data.quality.checking import check_rows, leaks, left_out
from transferkit.errors import DataError


def rows_of(rows):
    """A frame for rows of label, content, and maybe group, split and problem."""
    rows = [(*row, *("", "", "", "", "")[len(row) :]) for row in rows]
    frame = pd.DataFrame(rows, columns=["label", "digest", "group", "split", "found"], dtype=object)
    return frame.assign(path=[f"/{number}.jpg" for number in range(len(rows))], problem="")


def check(rows, *, near=(), strict=False):
    """What `check_rows` says of the rows of `rows_of`: the frame, and what it found."""
    frame = rows_of(rows)
    files = frame[["path", "digest"]].assign(problem=frame["found"])
    return check_rows(frame, files, near, data=DataConfig(strict=strict))


def leaks_of(rows, *, near=(), strict=False):
    return leaks(check(rows, near=near)[0], "photos", strict=strict)


def test_what_is_wrong_with_a_file_becomes_its_problem():
    frame, found = check([("a", "1"), ("a", "", "", "", "is empty (0 bytes)")])
    assert frame["problem"].tolist() == ["", "is empty (0 bytes)"]
    assert found == [("unreadable", "/1.jpg", "is empty (0 bytes)", "")]
    assert left_out(frame) == ["1 of 2 files were left out; the list names each."]


def test_nothing_is_said_where_nothing_was_left_out():
    assert left_out(check([("a", "1")])[0]) == []


def test_a_problem_of_an_earlier_look_stays():
    frame = pd.DataFrame({"path": ["/0"], "label": ["a"], "split": [""], "group": [""]})
    files = pd.DataFrame({"digest": ["1"], "problem": [""]})
    found, _ = check_rows(frame.assign(problem="was bad"), files, data=DataConfig())
    assert found["problem"].tolist() == ["was bad"]


def test_the_same_content_under_two_labels_is_quarantined_on_both_sides():
    frame, found = check([("a", "1"), ("b", "1"), ("a", "2")])
    assert frame["problem"].tolist() == [
        "is the same file as '/1.jpg', which is under the label 'b'",
        "is the same file as '/0.jpg', which is under the label 'a'",
        "",
    ]
    assert [row[0] for row in found] == ["contradiction", "contradiction"]
    assert frame["group"].tolist() == ["", "", ""]


def test_copies_under_one_label_are_a_group():
    frame, found = check([("a", "1"), ("a", "1"), ("a", "2")])
    assert frame["group"].tolist() == ["copy:1", "copy:1", ""]
    assert found == [
        ("copy", "/0.jpg", "is the same file as '/1.jpg'", "copy:1"),
        ("copy", "/1.jpg", "is the same file as '/0.jpg'", "copy:1"),
    ]


def test_near_duplicates_under_one_label_are_a_group():
    frame, found = check([("a", "1"), ("a", "2"), ("a", "3")], near=[(0, 2)])
    assert frame["group"].tolist() == ["near:1", "", "near:1"]
    assert found == [
        ("near_copy", "/0.jpg", "is nearly the same picture as '/2.jpg'", "near:1"),
        ("near_copy", "/2.jpg", "is nearly the same picture as '/0.jpg'", "near:1"),
    ]


def test_near_duplicates_under_two_labels_are_a_group_of_which_all_can_be_used():
    frame, found = check([("a", "1"), ("b", "2")], near=[(0, 1)])
    assert frame[["group", "problem"]].to_numpy().tolist() == [["near:1", ""]] * 2
    first = "is nearly the same picture as '/1.jpg', which is under the label 'b'"
    assert found[0] == ("near_contradiction", "/0.jpg", first, "near:1")
    assert len(found) == 2


def test_copies_and_near_duplicates_of_them_are_one_group():
    frame, _ = check([("a", "2"), ("a", "2"), ("a", "1"), ("a", "3")], near=[(0, 2)])
    assert frame["group"].tolist() == ["near:1", "near:1", "near:1", ""]


def test_near_duplicates_that_are_all_of_a_class_are_named_and_no_group():
    rows = [("a", "1"), ("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("b", "5")]
    frame, found = check(rows, near=[(0, 2), (2, 3)])
    assert frame["group"].tolist() == ["copy:1", "copy:1", "", "", "", ""]
    assert found[2:] == [
        ("one_view", "/0.jpg", "is nearly the same picture as '/2.jpg'", ""),
        ("one_view", "/2.jpg", "is nearly the same picture as '/0.jpg'", ""),
        ("one_view", "/3.jpg", "is nearly the same picture as '/2.jpg'", ""),
    ]


def test_a_near_copy_of_what_is_left_out_is_none():
    rows = [("a", "1"), ("b", "1"), ("a", "2")]
    frame, found = check(rows, near=[(0, 2)])
    assert frame["group"].tolist() == ["", "", ""]
    assert {row[0] for row in found} == {"contradiction"}


def test_a_group_that_was_given_keeps_its_name_beside_one_that_was_made():
    rows = [("a", "1", "copy:1"), ("a", "1", "copy:1"), ("a", "2", "zoe"), ("a", "3")]
    assert check(rows, near=[(0, 2)])[0]["group"].tolist() == ["zoe", "zoe", "zoe", ""]


def test_a_copy_without_a_group_joins_the_group_of_the_other():
    frame, _ = check([("a", "1", "ann"), ("a", "1"), ("a", "2", "ann")])
    assert frame["group"].tolist() == ["ann", "ann", "ann"]


def test_groups_that_share_a_copy_become_one():
    frame, _ = check([("a", "1", "ann"), ("a", "1", "bob"), ("a", "2", "bob"), ("a", "3", "cid")])
    assert frame["group"].tolist() == ["ann", "ann", "ann", "cid"]


def test_groups_become_one_along_a_chain_of_copies():
    rows = [("a", "1", "ann"), ("a", "1", "bob"), ("a", "2", "bob"), ("a", "2", "abe")]
    frame, _ = check([*rows, ("a", "3", "abe")])
    assert frame["group"].nunique() == 1


def test_copies_on_both_sides_of_the_sources_split_are_said():
    rows = [("a", "1", "", "train"), ("a", "1", "", "test"), ("a", "2", "", "test")]
    found, notes = leaks_of(rows)
    assert found == [
        ("leak", "/0.jpg", "is in train, and '/1.jpg' of its group in test", "copy:1"),
        ("leak", "/1.jpg", "is in test, and '/0.jpg' of its group in train", "copy:1"),
    ]
    assert notes == [
        "2 images have a copy, a near copy or one of their group on the other side of the source's "
        "own split, 1 of them in test: scores on such images flatter every classifier."
    ]


@pytest.mark.parametrize("near", [[], [(0, 1)]])
def test_a_group_on_both_sides_of_the_sources_split_is_said(near):
    group = "" if near else "ann"
    rows = [("a", "1", group, "train"), ("a", "2", group, "test")]
    assert len(leaks_of(rows, near=near)[0]) == 2


def test_a_group_on_one_side_is_not_said():
    assert leaks_of([("a", "1", "ann", "test"), ("a", "2", "ann", "test")]) == ([], [])


def test_a_strict_job_ends_at_a_split_that_leaks():
    with pytest.raises(DataError) as caught:
        leaks_of([("a", "1", "", "train"), ("a", "1", "", "test")], strict=True)
    assert str(caught.value) == (
        "2 images have a copy, a near copy or one of their group on the other side of the source's "
        "own split, 1 of them in test, and --strict is set; the first, '/0.jpg', is in train, "
        "and '/1.jpg' of its group in test: leave them out of the test "
        "(`transferkit look photos --fix manifest` does), or leave --strict out."
    )


def test_the_folder_to_be_mended_is_quoted_in_the_command():
    frame = check([("a", "1", "", "train"), ("a", "1", "", "test")])[0]
    with pytest.raises(DataError) as caught:
        leaks(frame, "my photos; rm", strict=True)
    assert "(`transferkit look 'my photos; rm' --fix manifest` does)" in str(caught.value)


def test_groups_with_names_that_are_not_utf_8_are_joined_and_said():
    rene, zoe = os.fsdecode(b"Ren\xe9"), os.fsdecode(b"Zo\xeb")
    rows = [("a", "1", rene, "train"), ("a", "2", rene, "test"), ("a", "3", zoe, "train")]
    frame, _ = check(rows, near=[(1, 2)])
    assert frame["group"].tolist() == [rene] * 3
    found, _ = leaks(frame, "photos", strict=False)
    assert found[1] == ("leak", "/1.jpg", "is in test, and '/0.jpg' of its group in train", rene)


def test_strict_ends_at_the_first_problem():
    with pytest.raises(DataError) as caught:
        check([("a", "1"), ("a", "", "", "", "is empty (0 bytes)")], strict=True)
    assert str(caught.value) == (
        "1 of 2 files have a problem, and --strict is set; the first, '/1.jpg', is empty "
        "(0 bytes): mend or remove them, or leave --strict out."
    )


def test_strict_is_content_with_good_files():
    assert check([("a", "1"), ("b", "2")], strict=True)[1] == []
