import pytest

from transferkit.data.quality.findings import (
    COLUMNS,
    FINDINGS,
    as_findings,
    of_kind,
    sentences,
)


def turned(count):
    return as_findings([("rotated", f"/x/a/{number}.jpg", "", "") for number in range(count)])


def test_findings_are_in_the_order_of_the_table():
    rows = [("grey", "1", "", ""), ("blank", "2", "", ""), ("grey", "0", "", "")]
    assert as_findings(rows)["path"].tolist() == ["2", "1", "0"]


def test_no_finding_is_a_frame_too():
    assert as_findings([]).columns.tolist() == list(COLUMNS)
    assert sentences(as_findings([]), noted=True) == []


def test_five_are_named_and_the_rest_counted():
    assert sentences(turned(7), noted=True) == [
        "Files turned by EXIF, which are put upright (7): "
        "'a/0.jpg', 'a/1.jpg', 'a/2.jpg', 'a/3.jpg', 'a/4.jpg' and 2 more."
    ]


def test_of_copies_all_but_the_first_are_named():
    rows = [("copy", f"/x/a/{number}.jpg", "", f"copy:{number // 2}") for number in range(4)]
    assert sentences(as_findings(rows), noted=True) == [
        "Exact copies of other files, one group for each (2): 'a/1.jpg', 'a/3.jpg'."
    ]
    (copies,) = [kind for kind in FINDINGS if kind.name == "copy"]
    assert of_kind(as_findings(rows), copies)["path"].tolist() == [
        "/x/a/1.jpg",
        "/x/a/3.jpg",
    ]


def test_what_is_not_noted_in_every_run_is_said_to_who_looks():
    dark = as_findings([("dark", "/x/a/1.jpg", "", "")])
    assert sentences(dark, noted=True) == []
    assert sentences(dark, noted=False) == ["Pictures that are nearly black (1): 'a/1.jpg'."]


@pytest.mark.parametrize("kind", FINDINGS, ids=lambda kind: kind.name)
def test_an_advice_is_a_sentence_and_a_title_begins_one(kind):
    assert kind.advice.endswith(".")
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")
