"""Several labels in one cell of a list: which cells have them, and what becomes of their rows."""

import pytest

from transferkit.data.manifest import Manifest
from transferkit.data.several_labels import several_labels
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
    (["1", "0"], {}),
]


@pytest.mark.parametrize(("labels", "several"), CELLS)
def test_cells_with_several_labels_are_told_from_names(labels, several):
    assert several_labels(labels) == several


def test_rows_with_several_labels_are_left_out_and_named(drawn):
    folder = drawn(images=5, side=24)
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
    folder = drawn(images=3, side=24)
    rows = [f"circles/{n:03}.png,{label}" for n, label in enumerate(("a|b", "b|c", "a|c"))]
    (folder / "list.csv").write_text("\n".join(["path,label", *rows]))
    with pytest.raises(DataError) as caught:
        Manifest.read(folder / "list.csv")
    assert str(caught.value).endswith(
        "has several labels in one cell: 'a', 'b'; give each image one label."
    )
