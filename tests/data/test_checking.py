import pandas as pd
import pytest

from transferkit.config import DataConfig
from transferkit.data.checking import check_rows
from transferkit.errors import DataError


def check(rows, *, strict=False):
    """`check_rows` for rows of label, content, and maybe group, split and problem."""
    rows = [(*row, *("", "", "", "", "")[len(row) :]) for row in rows]
    frame = pd.DataFrame(rows, columns=["label", "digest", "group", "split", "found"])
    frame["path"] = [f"/{number}.jpg" for number in range(len(rows))]
    files = frame[["path", "digest"]].assign(problem=frame["found"])
    frame["problem"] = ""
    return check_rows(frame, files, DataConfig(strict=strict))


def test_what_is_wrong_with_a_file_becomes_its_problem():
    frame, notes = check([("a", "1"), ("a", "", "", "", "is empty (0 bytes)")])
    assert frame["problem"].tolist() == ["", "is empty (0 bytes)"]
    assert notes == ["1 of 2 files were left out; the list names each."]


def test_a_problem_of_an_earlier_look_stays():
    frame = pd.DataFrame({"path": ["/0"], "label": ["a"], "split": [""], "group": [""]})
    files = pd.DataFrame({"digest": ["1"], "problem": [""]})
    found, _ = check_rows(frame.assign(problem="was bad"), files, DataConfig())
    assert found["problem"].tolist() == ["was bad"]


def test_the_same_content_under_two_labels_is_quarantined_on_both_sides():
    frame, _ = check([("a", "1"), ("b", "1"), ("a", "2")])
    assert frame["problem"].tolist() == [
        "is the same file as '/1.jpg', which is under the label 'b'",
        "is the same file as '/0.jpg', which is under the label 'a'",
        "",
    ]


def test_copies_under_one_label_are_a_group():
    frame, notes = check([("a", "1"), ("a", "1"), ("a", "2")])
    assert frame["group"].tolist() == ["copy:1", "copy:1", ""]
    assert notes == ["Exact copies of other files, a group for each (1): '//1.jpg'."]


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
    _, notes = check([("a", "1", "", "train"), ("a", "1", "", "test"), ("a", "2", "", "test")])
    assert notes[-1] == (
        "2 images have a copy, or one of their group, on the other side of the source's own split: "
        "scores on its test images flatter every classifier."
    )


def test_a_group_on_both_sides_of_the_sources_split_is_said():
    _, notes = check([("a", "1", "ann", "train"), ("a", "2", "ann", "test")])
    assert len(notes) == 1


def test_a_group_on_one_side_is_not_said():
    assert check([("a", "1", "ann", "test"), ("a", "2", "ann", "test")])[1] == []


def test_strict_ends_at_the_first_problem():
    with pytest.raises(DataError) as caught:
        check([("a", "1"), ("a", "", "", "", "is empty (0 bytes)")], strict=True)
    assert str(caught.value) == (
        "1 of 2 files have a problem, and --data.strict is set; the first, '/1.jpg', is empty "
        "(0 bytes): mend or remove them, or leave --data.strict out."
    )


def test_strict_is_content_with_good_files():
    assert check([("a", "1"), ("b", "2")], strict=True)[1] == []
