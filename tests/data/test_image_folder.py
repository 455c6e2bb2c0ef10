import os

import pytest

from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.data.sources.folder.walk import walk_files
from transferkit.errors import DataError


@pytest.fixture
def files(tmp_path):
    """`files("cat/1.jpg", "dog/")`: a folder with these files and folders in it."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True) if name.endswith("/") else path.write_bytes(b"x")
        return tmp_path

    return make


def rows(folder):
    """`file label split` of each row, the file as it is below `folder`."""
    found = scan_folder(folder).rows
    return [
        f"{os.path.relpath(path, folder)} {label} {split}".strip() for path, label, split in found
    ]


def left_out(folder):
    """The notes on a folder but the first, which says how it was read."""
    return scan_folder(folder).notes[1:]


def test_a_sub_folder_is_a_class(files):
    assert rows(files("cat/1.jpg", "dog/2.jpg")) == ["cat/1.jpg cat", "dog/2.jpg dog"]


def test_files_deeper_in_a_class_folder_belong_to_it(files):
    assert rows(files("cat/old/best/1.jpg", "dog/2.jpg"))[0] == "cat/old/best/1.jpg cat"


@pytest.mark.parametrize("ending", ["jpg", "txt", "webp", ""])
def test_an_ending_says_nothing(files, ending):
    assert len(rows(files(f"cat/1.{ending}", "dog/2"))) == 2


SPLIT_FOLDERS = [
    ("train", "train"),
    ("Training", "train"),
    ("val", "validation"),
    ("valid", "validation"),
    ("VALIDATION", "validation"),
    ("test", "test"),
    ("testing", "test"),
]


@pytest.mark.parametrize(("name", "split"), SPLIT_FOLDERS)
def test_a_folder_of_a_split_gives_its_images_that_split(files, name, split):
    found = rows(files("train/cat/0.jpg", f"{name}/dog/1.jpg", "test/cat/2.jpg"))
    assert f"{name}/dog/1.jpg dog {split}" in found


def test_a_class_may_be_called_train(files):
    assert rows(files("train/1.jpg", "bus/2.jpg")) == ["bus/2.jpg bus", "train/1.jpg train"]


def test_a_class_called_train_may_have_folders(files):
    found = rows(files("train/steam/1.jpg", "bus/2.jpg"))
    assert found == ["bus/2.jpg bus", "train/steam/1.jpg train"]


def test_a_class_called_train_may_have_a_hidden_folder(files):
    found = rows(files("train/.cache/1.jpg", "train/1.jpg", "bus/2.jpg"))
    assert found == ["bus/2.jpg bus", "train/1.jpg train"]


def test_a_class_may_be_called_train_inside_a_split(files):
    found = rows(files("train/train/1.jpg", "train/bus/2.jpg", "test/bus/3.jpg"))
    assert "train/train/1.jpg train train" in found


def test_what_is_beside_the_splits_is_named(files):
    folder = files("train/cat/1.jpg", "test/cat/2.jpg", "extra/3.jpg", "notes.txt")
    assert left_out(folder) == ["Beside the splits, these were left out: 'extra', 'notes.txt'."]


def test_hidden_files_of_every_depth_are_named_once(files):
    folder = files(".git/x", "cat/.DS_Store", "dog/.DS_Store", "cat/1.jpg", "dog/in/Thumbs.db")
    assert scan_folder(folder).notes[-1] == (
        "Hidden and system files were left out: '.git', '.DS_Store', 'Thumbs.db'."
    )


def test_hidden_files_beside_splits_are_named(files):
    folder = files(".git/x", "train/cat/1.jpg", "test/cat/2.jpg")
    assert left_out(folder) == ["Hidden and system files were left out: '.git'."]


def test_of_many_names_five_are_shown(files):
    folder = files("cat/1.jpg", *(f"{number}.txt" for number in range(8)))
    assert left_out(folder) == [
        "Files outside the class folders were left out: '0.txt', '1.txt', '2.txt', '3.txt', "
        "'4.txt' and 3 more."
    ]


def test_empty_classes_are_named_with_their_split(files):
    folder = files("train/cat/1.jpg", "train/owl/", "test/cat/2.jpg", "test/owl/in/")
    assert left_out(folder) == [
        "Empty classes in test/ were left out: 'owl'.",
        "Empty classes in train/ were left out: 'owl'.",
    ]


def test_links_to_folders_are_followed(files):
    folder = files("cat/1.jpg", "elsewhere/2.jpg")
    (folder / "dog").symlink_to(folder / "elsewhere")
    assert "dog/2.jpg dog" in rows(folder)


def test_a_folder_that_is_linked_from_inside_itself_is_read_once(files):
    folder = files("cat/in/1.jpg", "dog/2.jpg")
    (folder / "cat/in/up").symlink_to("..")
    assert rows(folder) == ["cat/in/1.jpg cat", "dog/2.jpg dog"]


def test_two_folders_that_link_to_each_other_end(files):
    folder = files("cat/1.jpg", "dog/2.jpg")
    (folder / "cat/dogs").symlink_to(folder / "dog")
    (folder / "dog/cats").symlink_to(folder / "cat")
    assert "cat/dogs/2.jpg cat" in rows(folder)


def test_names_are_sorted_within_a_class(files):
    assert rows(files("cat/b.jpg", "cat/a.jpg", "cat/10.jpg")) == [
        "cat/10.jpg cat",
        "cat/a.jpg cat",
        "cat/b.jpg cat",
    ]


def test_a_walk_leaves_hidden_files_out(files):
    [path] = walk_files(files("a/.hidden", "a/.in/1.jpg", "a/2.jpg"))
    assert path.endswith("a/2.jpg")


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DataError) as caught:
        next(walk_files(tmp_path / "gone"))
    assert str(caught.value) == (
        f"There is no folder '{tmp_path}/gone': give one with one sub-folder per class."
    )
