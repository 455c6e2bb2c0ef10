"""Folders to write into: made and numbered, and gone again where nothing came of them."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from transferkit.errors import RunError
from transferkit.storage.output_folder import folder_for, numbered_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_in(out, parent="looks"):
    with folder_for(out, parent, "a") as folder:
        assert folder.is_dir()
        raise ValueError("on the way")


def test_a_folder_is_made_under_the_next_free_number(tmp_path):
    assert numbered_folder(tmp_path / "runs", "a") == tmp_path / "runs" / "a"
    (tmp_path / "runs" / "a-2").symlink_to("nowhere")
    assert numbered_folder(tmp_path / "runs", "a") == tmp_path / "runs" / "a-3"
    assert names(tmp_path / "runs") == ["a", "a-2", "a-3"]


def test_those_that_ask_at_once_get_one_each(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: numbered_folder(tmp_path, "a"), range(40)))
    assert len(set(found)) == 40


@pytest.mark.parametrize("character", ["x", "é", "🐈"])
def test_a_numbered_folder_has_a_name_that_fits(tmp_path, character):
    numbered_folder(tmp_path, character * 250 + "-lenet")
    assert len(os.fsencode(names(tmp_path)[0])) < 255


@pytest.mark.parametrize("out", ["", "file/out"])
def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RunError) as caught:
        fail_in(out, "file")
    assert str(caught.value) == (
        f"{out or 'file/a'!r} cannot be written to: Not a directory; "
        "choose another folder with --out."
    )


def test_a_link_to_nowhere_above_it_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "looks").symlink_to("nowhere")
    with pytest.raises(RunError, match=r"^'looks/a' cannot be written to: File exists; choose"):
        numbered_folder("looks", "a")


def test_a_folder_that_is_for_reading_alone_is_a_sentence():
    with pytest.raises(RunError, match=r"^'/proc' cannot be written to: .*; choose another folder"):
        fail_in("/proc")  # which the superuser cannot write to either


@pytest.mark.parametrize("out", ["", "mine"])
def test_a_folder_that_was_made_and_stays_empty_goes(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="on the way"):
        fail_in(out)
    assert not (tmp_path / (out or "looks/a")).exists()


def test_a_folder_that_was_there_or_is_written_to_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    with folder_for("mine", "looks", "a"):
        pass
    with folder_for("", "looks", "a") as folder:
        (folder / "look.html").write_text("")
    assert names(tmp_path) == ["looks", "mine"]
