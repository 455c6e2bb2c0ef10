"""Several labels in one cell of a list: which cells have them, and what becomes of their rows."""

import pandas as pd
import pytest

from transferkit.data.manifest import Manifest
from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.data.sources.csv.several_labels import several_labels, without_brackets
from transferkit.errors import DataError

CELLS = [
    (["cat", "dog", "cat|dog"], {"cat|dog": ["cat", "dog"]}),
    (["cat", "dog", "cat; dog"], {"cat; dog": ["cat", "dog"]}),
    (["cat", "dog", "cat,dog"], {"cat,dog": ["cat", "dog"]}),
    (["a|b", "b|c", "a|c"], {"a|b": ["a", "b"], "b|c": ["b", "c"], "a|c": ["a", "c"]}),
    (["cat", "['cat', 'dog']"], {"['cat', 'dog']": ["cat", "dog"]}),
    (["Labrador, black", "Labrador, brown"], {}),
    (["salt & pepper", "sugar"], {}),
    (["n/a", "cat"], {}),
    (["cat|cat", "cat"], {}),
    (["Effusion", "Effusion|Mass"], {"Effusion|Mass": ["Effusion", "Mass"]}),
    (["apple/healthy", "apple/sick", "pear/healthy", "pear/sick"], {}),
    (["apple, healthy", "apple, sick", "pear, healthy", "pear, sick"], {}),
    (["apple|healthy", "apple|sick", "pear|healthy", "pear|sick"], {}),
    (["a", "b", "(a,b)"], {"(a,b)": ["a", "b"]}),
    (["(left, upper)", "(right, upper)"], {}),
    (["['cat']", "['dog']"], {}),
    (["1", "0"], {}),
]


@pytest.mark.parametrize(("labels", "several"), CELLS)
def test_cells_with_several_labels_are_told_from_names(labels, several):
    assert several_labels(labels) == several


LISTS_OF_ONE = [
    ("['cat']", "cat"),
    ('["cat"]', "cat"),
    ("[cat]", "cat"),
    ("[ 'black cat' ]", "black cat"),
    ("['cat', 'dog']", "['cat', 'dog']"),
    ("(cat)", "(cat)"),
    ("cat", "cat"),
    ("[]", "[]"),
]


@pytest.mark.parametrize(("cell", "label"), LISTS_OF_ONE)
def test_a_list_of_one_label_is_the_label(cell, label):
    assert without_brackets(cell) == label


NAMES = [
    ("apple/healthy", "apple/sick", "pear/healthy", "pear/sick"),
    ("black", "white", "black&white"),
    ("cat", "dog", "cat,dog", "cat|dog", "cat; dog"),
    ("a", "b", "(a,b)", "['a']", "[a]"),
    (" cat", "cat ", ' "cat"', "=cat"),
]


@pytest.mark.parametrize("names", NAMES)
def test_a_manifest_keeps_each_name_of_a_class(names, tmp_path):
    frame = pd.DataFrame({"path": [f"/{n}.png" for n in range(len(names))], "label": names})
    Manifest(frame).save(tmp_path / "manifest.csv")
    again = Manifest.load(tmp_path / "manifest.csv")
    assert again.frame["label"].tolist() == list(names)
    assert set(again.frame["problem"]) == {""}
    assert read_csv_list(tmp_path / "manifest.csv").notes == []


def test_rows_with_several_labels_are_left_out_and_named(drawn):
    folder = drawn(images=5, image_size=24)
    rows = [f"{name}/{n:03}.png,{name}" for name in ("circles", "squares") for n in range(4)]
    rows.append("circles/004.png,circles|squares")
    (folder / "list.csv").write_text("\n".join(["path,label", *rows]))
    manifest = Manifest.read(folder / "list.csv")
    assert manifest.classes == ("circles", "squares")
    assert manifest.quarantined["problem"].tolist() == [
        "has several labels in one cell: 'circles', 'squares'"
    ]
    assert manifest.notes[0] == (
        "1 line has several labels in one cell, such as 'circles|squares': an image has one label "
        "here, so these were left out."
    )


def test_a_list_of_nothing_else_is_refused(drawn):
    folder = drawn(images=3, image_size=24)
    rows = [f"circles/{n:03}.png,{label}" for n, label in enumerate(("a|b", "b|c", "a|c"))]
    (folder / "list.csv").write_text("\n".join(["path,label", *rows]))
    with pytest.raises(DataError) as caught:
        Manifest.read(folder / "list.csv")
    assert str(caught.value).endswith(
        "has several labels in one cell: 'a', 'b'; give each image one label."
    )
