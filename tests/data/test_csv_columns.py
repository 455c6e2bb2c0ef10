"""Columns of a list by other names: which one is taken, and what is said of it."""

import pytest

from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.errors import DataError


def read(tmp_path, text):
    """The columns of a list, its first row and its notes; `text` has lines between slashes."""
    path = tmp_path / "list.csv"
    path.write_text(text.replace(" / ", "\n"))
    images = read_csv_list(path)
    return list(images.frame), images.frame.iloc[0].to_dict(), images.notes


def note(read_as):
    return [f"Columns of 'list.csv' were read by other names: {read_as}."]


HEADERS = [
    ("Path,Label", "'Path' as the path, 'Label' as the label"),
    ("filename,class", "'filename' as the path, 'class' as the label"),
    ("file_name,class_name", "'file_name' as the path, 'class_name' as the label"),
    ("image,target", "'image' as the path, 'target' as the label"),
    ("Image Path,Category", "'Image Path' as the path, 'Category' as the label"),
    ("filepaths,labels", "'filepaths' as the path, 'labels' as the label"),
    ("img_path,species", "'img_path' as the path, 'species' as the label"),
    ("file,y", "'file' as the path, 'y' as the label"),
    ("path, label", "' label' as the label"),
]


@pytest.mark.parametrize(("header", "read_as"), HEADERS)
def test_a_column_of_another_name_is_taken_and_named(header, read_as, tmp_path):
    columns, first, notes = read(tmp_path, f"{header} / a.png,cat")
    assert columns == ["path", "label"]
    assert (first["path"], first["label"]) == (str(tmp_path / "a.png"), "cat")
    assert notes == note(read_as)


def test_our_own_names_need_no_note(tmp_path):
    assert read(tmp_path, "path,label,split / a.png,cat,train")[2] == []


@pytest.mark.parametrize("name", ["Split", " split", "SPLIT ", "subset", "set", "partition", "Set"])
@pytest.mark.parametrize("value", ["test", "Test_Set", "holdout"])
def test_a_split_by_another_name_is_the_split(name, value, tmp_path):
    columns, first, notes = read(tmp_path, f"path,label,{name} / a.png,cat,{value}")
    assert (columns[2], first["split"]) == ("split", "test")
    assert notes == note(f"{name!r} as the split")


@pytest.mark.parametrize("name", ["set", "subset", "partition"])
def test_a_column_that_may_be_the_split_and_is_not_is_kept_and_named(name, tmp_path):
    columns, first, notes = read(tmp_path, f"path,label,{name} / a.png,cat,A / b.png,dog,test")
    assert (columns[2], first[name]) == (name, "A")
    assert notes == [
        f"The column {name!r} is not read as the split, since 'A' in it is none: its values divide "
        "the images of the report."
    ]


def test_a_wrong_value_under_split_is_refused_however_it_is_spelt(tmp_path):
    with pytest.raises(DataError, match="line 3, has the split 'trian'"):
        read(tmp_path, "path,label,Split / a.png,cat,train / b.png,dog,trian")


def test_a_column_of_ours_is_taken_before_others(tmp_path):
    columns, _, notes = read(tmp_path, "path,label,class,image,subset,split / a,b,c,d,e,test")
    assert columns == ["path", "label", "class", "image", "subset", "split"]
    assert notes == []


def test_of_two_columns_of_paths_the_one_with_files_is_taken(tmp_path):
    (tmp_path / "a.png").touch()
    columns, _, _ = read(tmp_path, "image_id,file,label / 7,a.png,cat")
    assert columns == ["image_id", "path", "label"]


@pytest.mark.parametrize(("one", "other"), [("0", "1"), ("0.0", "1.0"), ("-1", "1")])
def test_of_two_columns_that_say_the_same_the_words_are_the_labels(one, other, tmp_path):
    text = f"path,class id,labels / a,{one},cat / b,{other},dog / c,{one},cat"
    assert read(tmp_path, text)[0] == ["path", "class id", "label"]


TWO = [
    ("path,class,category / a,x,1 / b,y,1", "'class', 'category', and each may be the label"),
    ("file,image,label / a,b,c", "'file', 'image', and each may be the path"),
    ("path,Label,LABEL / a,b,c / d,b,e", "'Label', 'LABEL', and each may be the label"),
    ("path,label,set,subset / a,b,train,test", "'set', 'subset', and each may be the split"),
]


@pytest.mark.parametrize(("text", "sentence"), TWO)
def test_two_columns_that_may_be_it_are_refused(text, sentence, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert sentence in str(caught.value)


def test_spaces_after_commas_are_no_part_of_values(tmp_path):
    first = read(tmp_path, "path, label, split / a.png, cat, test")[1]
    assert (first["label"], first["split"]) == ("cat", "test")
