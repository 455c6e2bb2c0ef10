"""Paths of a list that are not there: the sentence, and the repair that would fit."""

import os
import unicodedata

import pytest

from transferkit.data.manifest import Manifest
from transferkit.data.sources.csv.paths import check_paths
from transferkit.errors import DataError

FILES = [f"images/{name}/{number}.png" for name in ("cat", "dog") for number in range(3)]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The folder `data` with six files and a list; the working folder is around it."""
    for name in FILES:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def check(written, folder):
    """What is said of the paths `written` in a list in `folder`."""
    return check_paths(written, [str(folder / text) for text in written], folder / "list.csv")


REPAIRS = [
    (lambda p: p.replace("/", "\\"), "with / in place of \\"),
    (lambda p: " " + p, "without the spaces around them"),
    (lambda p: p + " ", "without the spaces around them"),
    (lambda p: p.replace("images", "%69mages"), "with %XX decoded"),
    (lambda p: "data/" + p, "without 'data'"),
    (lambda p: "/kaggle/input/pets/" + p, "without '/kaggle/input/pets'"),
    (lambda p: "C:\\d\\" + p.replace("/", "\\"), "with / in place of \\ and without 'C:/d'"),
    (lambda p: p.removeprefix("images/"), "with 'images/' in front of them"),
    (lambda p: p[:-4], "with the ending '.png'"),
    (lambda p: p[:-4] + ".jpg", "with the ending '.png'"),
    (lambda p: p.upper(), None),
    (lambda p: p[:-4] + ".PNG", "in the case of the files' names"),
]


@pytest.mark.parametrize(("change", "how"), REPAIRS)
def test_the_repair_that_fits_is_named(change, how, data):
    written = [change(name) for name in FILES]
    with pytest.raises(DataError) as caught:
        check(written, data)
    advice = f"'images/cat/0.png' is a file, so write the paths {how}"
    assert str(caught.value) == (
        f"None of the 6 paths of '{data}/list.csv' is a file; the first is {written[0]!r}, and "
        f"paths start at the folder of the list, {str(data)!r}: "
        f"{advice if how else 'correct the column path, or move the list to where its paths start'}"
        "."
    )


def world(folder, *names):
    """Make the empty files `names` below `folder`."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


NOWHERE = "correct the column path, or move the list to where its paths start"
ABOVE = [
    # The files that there are, a list in mine/set/lists, and its path.
    ("other/0.png", "cat/0.png", NOWHERE),
    ("mine/other/0.png", "0.png", NOWHERE),
    ("mine/set/other/0.png", "cat/0.png", NOWHERE),
    ("mine/set/images/0.png", "0.png", "'../images/0.png' is a file"),
    ("mine/set/images/cat/0.png", "old/cat/0.png", "'../images/cat/0.png' is a file"),
    ("mine/cat/0.png", "old/cat/0.png", "'../../cat/0.png' is a file"),
]


@pytest.mark.parametrize(("name", "path", "advice"), ABOVE)
def test_files_of_folders_above_are_found_by_their_folders(
    name, path, advice, tmp_path, monkeypatch
):
    folder = tmp_path / "mine/set/lists"
    folder.mkdir(parents=True)
    world(tmp_path, name)
    monkeypatch.chdir(folder)
    with pytest.raises(DataError) as caught:
        check([path], folder)
    assert advice in str(caught.value)


def test_another_unicode_form_is_named(data):
    (data / unicodedata.normalize("NFD", "café.png")).touch()
    with pytest.raises(DataError, match="in the Unicode form of the files' names"):
        check([unicodedata.normalize("NFC", "café.png")], data)


def test_images_that_moved_are_found_from_the_manifest_of_a_run(data, tmp_path):
    (tmp_path / "runs/a").mkdir(parents=True)
    written = [f"/old/home/data/{name}" for name in FILES]
    with pytest.raises(DataError) as caught:
        check(written, tmp_path / "runs/a")
    assert f"'{data}/images/cat/0.png' is a file, so write the paths without '/old/home'" in str(
        caught.value
    )
    assert f"below '{tmp_path}'" in str(caught.value)


def test_some_that_are_not_there_are_noted_with_their_repair(data):
    written = [*FILES[:4], *(name.replace("/", "\\") for name in FILES[4:])]
    assert check(written, data) == [
        f"2 of 6 paths of '{data}/list.csv' are no files, such as 'images\\\\dog\\\\1.png': "
        "'images/dog/1.png' is a file, so write the paths with / in place of \\."
    ]


def test_some_that_are_nowhere_are_left_to_the_list_of_what_is_left_out(data):
    assert check([*FILES, "gone/nowhere.gif"], data) == []


def test_paths_that_are_there_need_nothing(data):
    assert check(FILES, data) == []


def test_a_link_to_nowhere_is_no_missing_path(data):
    os.symlink("nowhere", data / "link.png")
    assert check(["link.png"], data) == []


def test_a_list_is_read_no_further_where_no_path_is_there(data):
    (data / "list.csv").write_text("path,label\nimages\\cat\\0.png,cat\n")
    with pytest.raises(DataError, match="The one path of"):
        Manifest.read(data / "list.csv")
