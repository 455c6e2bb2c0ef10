import json
import os
from pathlib import Path

import pytest
from layout_worlds import make_world

from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.data.sources.tfds.metadata import read_about
from transferkit.errors import DataError
from transferkit.storage.disk_cache import cache_folder
from transferkit.storage.files import new_folder


def test_a_new_folder_appears_with_what_was_written(tmp_path):
    with new_folder(tmp_path / "deep" / "data") as temporary:
        (temporary / "a.txt").write_text("a")
        assert not (tmp_path / "deep" / "data").exists()
    assert os.listdir(tmp_path / "deep") == ["data"]
    assert (tmp_path / "deep" / "data" / "a.txt").read_text() == "a"


def test_a_new_folder_takes_the_place_of_an_empty_one(tmp_path):
    (tmp_path / "data").mkdir()
    with new_folder(tmp_path / "data") as temporary:
        (temporary / "a.txt").write_text("a")
    assert os.listdir(tmp_path / "data") == ["a.txt"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o077, 0o700)])
def test_the_umask_says_who_may_read_a_new_folder(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        with new_folder(tmp_path / "data"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "data").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_new_folder_leaves_nothing(tmp_path, error):
    def write(folder: Path) -> None:
        with new_folder(folder) as temporary:
            (temporary / "a.txt").write_text("a")
            raise error

    with pytest.raises(error):
        write(tmp_path / "data")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_got_files_meanwhile_is_not_replaced(tmp_path):
    def write(folder: Path) -> None:
        with new_folder(folder) as temporary:
            (temporary / "a.txt").write_text("a")
            folder.mkdir()
            (folder / "b.txt").write_text("b")

    folder = tmp_path / "data"
    with pytest.raises(DataError) as caught:
        write(folder)
    assert str(caught.value) == (
        f"The folder {str(folder)!r} cannot be written: Directory not empty; "
        "free some space or choose another folder."
    )
    assert os.listdir(folder) == ["b.txt"]


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"TRANSFERKIT_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a/things"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/transferkit/things"),
        ({"HOME": "/c"}, "/c/.cache/transferkit/things"),
        ({"HOME": "/c", "TRANSFERKIT_CACHE": "~/kept"}, "/c/kept/things"),
    ],
)
def test_the_cache_is_where_the_environment_says(monkeypatch, variables, folder):
    for name in ("TRANSFERKIT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder("things") == Path(folder)


def test_a_user_without_a_home_has_a_cache_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TRANSFERKIT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "expanduser", no_home)
    assert cache_folder("files").parts[-3:] == ("no-home", "transferkit", "files")


WRITTEN = {
    "name": "leaves/1.0.0",
    "licence": "CC BY 4.0",
    "citation": "",
    "classes": {"a": "alder"},
    "images": {"train": 4},
    "notes": [],
}
OWN = [
    "[]",
    "{}",
    "no JSON",
    "[" * 100_000,
    json.dumps({"licence": "mine"}),
    json.dumps(WRITTEN | {"classes": ["a", "b"]}),
    json.dumps(WRITTEN | {"classes": {"a": 1}}),
    json.dumps(WRITTEN | {"notes": "none"}),
    json.dumps(WRITTEN | {"licence": {"name": "CC"}}),
]


@pytest.mark.parametrize("text", OWN)
def test_a_catalogue_file_of_the_users_own_says_nothing_of_the_set(text, tmp_path):
    (tmp_path / "catalogue.json").write_text(text)
    assert read_about(tmp_path) == {}


def test_a_catalogue_file_of_the_users_own_is_named_as_a_file_beside_the_classes(tmp_path):
    make_world(tmp_path, "a:2 b:2")
    (tmp_path / "catalogue.json").write_text(json.dumps(WRITTEN | {"classes": ["a", "b"]}))
    assert scan_folder(tmp_path).notes[1:] == [
        "Files outside the class folders were left out: 'catalogue.json'."
    ]


def test_a_catalogue_file_that_fetch_wrote_names_classes_and_licence(tmp_path):
    make_world(tmp_path, "train/a:2 train/b:2")
    (tmp_path / "catalogue.json").write_text(json.dumps(WRITTEN))
    scan = scan_folder(tmp_path)
    assert {label for _, label, _ in scan.rows} == {"alder", "b"}
    assert scan.notes[1] == (
        "The images are leaves/1.0.0 of tensorflow-datasets; licence: CC BY 4.0."
    )
