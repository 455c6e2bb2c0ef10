"""Class names that hardly differ, and splits that share no class with train."""

import pytest

from transferkit.data.manifest import Manifest
from transferkit.data.sources.class_names import difference, look_alike_notes
from transferkit.errors import DataError

ALIKE = [
    (("Cat", "cat"), "case"),
    (("cat", "cat "), "white space"),
    (("ice cream", "icecream"), "white space"),
    (("caf\u00e9", "cafe\u0301"), "Unicode form"),
    (("Cat", " cat"), "case and white space"),
    (("KK", "K\u212a"), "Unicode form"),
    (("kk", "k\u212a"), "case"),
    (("cat", "cat\u200b"), "invisible characters"),
    (("\u30ab", "\uff76"), "the width of characters"),
    (("cat", "\uff43\uff41\uff54"), "the width of characters"),
    (("1", "1.0"), "how a number is written"),
    (("1", "01"), "how a number is written"),
    (("1.5", "1.50"), "how a number is written"),
]


@pytest.mark.parametrize(("labels", "reason"), ALIKE)
def test_names_that_hardly_differ_are_named_with_the_difference(labels, reason):
    assert difference(labels) == reason
    (note,) = look_alike_notes([*labels, "dog"])
    assert f"(in {reason} alone)" in note


def test_two_unicode_forms_are_spelt_out():
    assert look_alike_notes(["caf\u00e9", "cafe\u0301"]) == [
        "These class names hardly differ, and are classes of their own: 'cafe\u0301' "
        "('cafe\\u0301') and 'caf\u00e9' ('caf\\xe9') (in Unicode form alone); where they mean the "
        "same, give them one name."
    ]


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog"],
        ["cat", "cats"],
        ["a-b", "a_b"],
        ["caf\udce9"],
        ["1", "10"],
        ["1.5", "15"],
        ["0", "00a"],
    ],
)
def test_of_names_that_differ_nothing_is_said(labels):
    assert look_alike_notes(labels) == []


def test_of_many_alike_five_are_shown():
    (note,) = look_alike_notes([name + end for name in "abcdefgh" for end in ("", " ")])
    assert "; and 3 more; where" in note


def test_a_folder_with_two_spellings_is_noted(drawn):
    notes = Manifest.read(drawn("images", ("Cat", "cat", "dog"), 3, image_size=24)).notes
    assert any("'Cat' and 'cat' (in case alone)" in note for note in notes)


def test_a_list_with_two_spellings_is_noted(drawn):
    folder = drawn("images", ("cat", "dog"), 4, image_size=24)
    rows = [f"cat/{n:03}.png,{'cat' if n % 2 else 'cat '}\ndog/{n:03}.png,dog" for n in range(4)]
    (folder / "list.csv").write_text("\n".join(["path,label", *rows]))
    notes = Manifest.read(folder / "list.csv").notes
    assert any("'cat' and 'cat ' (in white space alone)" in note for note in notes)


@pytest.mark.parametrize("split", ["test", "val"])
def test_a_split_in_which_nothing_can_be_right_is_refused(split, drawn):
    folder = drawn("images/train", ("Cats", "Dogs"), 3, image_size=24).parent
    drawn(f"images/{split}", ("cats", "dogs"), 2, image_size=24, seed=1)
    name = {"val": "validation"}.get(split, split)
    with pytest.raises(DataError) as caught:
        Manifest.read(folder)
    assert str(caught.value) == (
        f"No class of {name} is in train, so no prediction could be correct: 'cats', 'dogs' "
        "against 'Cats', 'Dogs'; the names differ in case alone; give the classes the same names "
        f"in both, or take the {name} images out."
    )


def test_a_test_with_one_class_of_train_is_scored(drawn):
    folder = drawn("images/train", ("cats", "dogs"), 3, image_size=24).parent
    drawn("images/test", ("cats", "owls"), 2, image_size=24, seed=1)
    assert len(Manifest.read(folder).part("test")) == 4
