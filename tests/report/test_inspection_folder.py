"""The folder that a look leaves."""

import os

import pandas as pd
import pytest
from PIL import Image

from transferkit.errors import RunError
from transferkit.report.inspection.folder import csv_text, write_look
from transferkit.storage.output_folder import LOOK, claim


def findings(path: str = "/a.png") -> pd.DataFrame:
    return pd.DataFrame([("copy", path, "is", "copy:1")], columns=list("abcd"), dtype=object)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_that_is_taken_is_not_written_to(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError) as caught:
        claim(tmp_path, LOOK)
    assert str(caught.value) == (
        f"'{tmp_path}' exists already: choose another folder with --out, "
        "or pass --overwrite to replace the look in it."
    )


def test_a_folder_without_a_look_is_never_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError) as caught:
        claim(tmp_path, LOOK, overwrite=True)
    assert str(caught.value) == (
        f"'{tmp_path}' holds files but no look (no look.html), so it is not overwritten: "
        "choose another folder with --out."
    )


def test_a_look_does_not_overwrite_what_it_is_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_look(tmp_path / "looks" / "a", "old", findings())
    (tmp_path / "looks" / "a" / "manifest.csv").write_text("path,label")
    source = "looks/../looks/a/manifest.csv"
    with pytest.raises(RunError) as caught:
        claim("looks/a", LOOK, overwrite=True, protect=source)
    assert str(caught.value) == (
        f"{source!r} is in 'looks/a', where overwriting a look could remove it: "
        "choose another folder with --out."
    )
    claim("looks/a", LOOK, overwrite=True, protect="tfds:a")


def test_a_look_that_is_overwritten_leaves_the_files_of_others(tmp_path):
    sheet = Image.new("RGB", (3, 2))
    write_look(tmp_path, "old", findings(), sheets={"flip": sheet})
    (tmp_path / "mine.txt").write_text("mine")
    claim(tmp_path, LOOK, overwrite=True)
    write_look(tmp_path, "new", findings())
    assert names(tmp_path) == ["findings.csv", "look.html", "mine.txt"]
    assert (tmp_path / "look.html").read_text() == "new"


def test_file_names_that_are_not_utf_8_survive(tmp_path):
    name = os.fsdecode(b"/caf\xe9, 1.png")
    write_look(tmp_path, "", findings(name))
    assert (tmp_path / "findings.csv").read_bytes() == (
        b'a,b,c,d\r\ncopy,"/caf\xe9, 1.png",is,copy:1\r\n'
    )


def test_a_frame_without_rows_is_its_heading():
    assert csv_text(findings().head(0)) == "a,b,c,d\r\n"


def test_doubts_are_written_to_six_figures(tmp_path):
    row = ("/a.png", "cat", "dog", 1 / 3, "train")
    doubts = pd.DataFrame([row], columns=["path", "label", "suggested", "doubt", "split"])
    write_look(tmp_path, "", findings(), label_issues=doubts)
    assert (tmp_path / "label_issues.csv").read_text().splitlines()[
        1
    ] == "/a.png,cat,dog,0.333333,train"
