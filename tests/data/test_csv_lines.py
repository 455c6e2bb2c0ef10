"""How the text of a list is read: its encoding, separators, spaces and quotes."""

import pytest

from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.data.sources.csv.lines import read_lines
from transferkit.errors import DataError
from transferkit.runtime.printing import csv_text

SEPARATED = [
    ("path;label\na.png;cat, black\n", "semicolons"),
    ("filename;class\na.png;cat, black\n", "semicolons"),
    ("path\tlabel\na.png\tcat, black\n", "tabs"),
    ("path|label\na.png|cat, black\n", "vertical bars"),
    ("sep=;\npath;label\na.png;cat, black\n", "semicolons"),
    ("sep=;\r\npath;label\r\na.png;cat, black\r\n", "semicolons"),
    ('"sep=;"\npath;label\na.png;cat, black\n', "semicolons"),
]


@pytest.mark.parametrize(("text", "word"), SEPARATED)
def test_other_separators_than_commas_are_read_and_named(text, word, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(text, newline="")
    images = read_csv_list(path)
    assert images.frame["label"].tolist() == ["cat, black"]
    assert images.written == ["a.png"]
    assert f"Values of 'list.csv' are separated by {word}, and were read so." in images.notes


def test_a_list_of_commas_may_have_semicolons_in_its_values(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("path,label;kind,label\na.png,x;y,cat\n")
    images = read_csv_list(path)
    assert (images.frame["label"].tolist(), images.notes) == (["cat"], [])


def test_lines_are_counted_from_the_top_of_the_file(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("sep=;\npath;label\na.png;cat\n")
    assert read_lines(path).numbers == [3]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_and_named(encoding, tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("path,label\nä.png,café\n".encode(encoding))
    images = read_csv_list(path)
    assert (images.written, images.frame["label"].tolist()) == (["ä.png"], ["café"])
    assert images.notes == ["'list.csv' was read as UTF-16."]


def test_half_a_character_of_utf_16_is_a_sentence(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("path,label\n".encode("utf-16") + b"a")
    with pytest.raises(DataError, match="save it as CSV in UTF-8"):
        read_lines(path)


SPACED = [
    ("path,label", 'a.jpg, "cat"', "cat"),
    ("path,label", "a.jpg, cat", "cat"),
    ("path,label", 'a.jpg, "cat, black"', "cat, black"),
    ("path, label", "a.jpg, cat", "cat"),
]


@pytest.mark.parametrize(("header", "row", "label"), SPACED)
def test_a_space_after_each_comma_is_no_part_of_values(header, row, label, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"{header}\n{row}\n")
    images = read_csv_list(path)
    assert images.frame["label"].tolist() == [label]
    assert images.notes == ["A space after each comma of 'list.csv' is no part of its values."]


def test_a_written_name_that_begins_with_a_space_is_read_as_it_was(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(csv_text(["path", "label"], [["a.jpg", " cat"]]))
    images = read_csv_list(path)
    assert images.frame["label"].tolist() == [" cat"]
    assert images.notes == []


def test_a_space_after_one_comma_is_kept(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("path,label\na.jpg, cat\nb.jpg,cat\n")
    assert read_csv_list(path).frame["label"].tolist() == [" cat", "cat"]
