"""`transferkit curve`: what it leaves, what it prints, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from transferkit.cli.curve import curve
from transferkit.cli.main import COMMANDS
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, RunError

pytestmark = pytest.mark.slow

FLAGS = ["--backbone", "pocket", "--image-size", "32", "--baselines", "knn_pixels", "--draws", "2"]


@pytest.fixture(scope="module")
def folder(shapes, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("curves") / "<shapes>"
    curve([str(shapes), *FLAGS, "--out", str(out)])
    return out


def test_it_leaves_a_whole_folder(folder):
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml",
        "curve.csv",
        "curve.html",
        "curve.json",
        "manifest.csv",
    }


def test_its_numbers_agree_with_each_other(folder):
    found = json.loads((folder / "curve.json").read_text())
    frame = pd.read_csv(folder / "curve.csv")
    means = frame.groupby(["classifier", "images"])["accuracy"].mean()
    for each in found["classifiers"]:
        assert means[each["name"]].tolist() == pytest.approx(each["accuracy"])
    assert [each["name"] for each in found["classifiers"]] == ["pocket", "knn_pixels"]
    assert found["images"][-1] == len(Manifest.load(folder / "manifest.csv")) - found["test_images"]


def test_the_table_and_the_verdict_are_on_standard_output(shapes, tmp_path, capsys):
    curve([str(shapes), *FLAGS, "--out", str(tmp_path / "again")])
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split()[:3] == ["images", "per", "class"]
    said = json.loads((tmp_path / "again" / "curve.json").read_text())["verdict"]
    assert out.splitlines()[-len(said) :] == said
    assert err.splitlines()[-1] == f"Learning curve: {tmp_path / 'again' / 'curve.html'}"


def test_a_folder_of_its_own_is_numbered(shapes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        curve([str(shapes), "--backbone", "lenet", "--baselines", "majority", "--draws", "1"])
    name = f"{shapes.name}-lenet"
    assert {path.name for path in (tmp_path / "curves").iterdir()} == {name, f"{name}-2"}
    capsys.readouterr()


def test_the_page_fetches_nothing_and_names_its_source_escaped(folder):
    page = (folder / "curve.html").read_text("utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "default-src 'none'" in page
    assert "<shapes>" not in page


def test_a_taken_folder_is_refused_before_anything_is_read(folder, shapes):
    with pytest.raises(RunError) as caught:
        curve([str(shapes / "nowhere"), *FLAGS, "--out", str(folder)])
    assert str(caught.value) == (
        f"'{folder}' exists already: choose another folder with --out, "
        "or pass --overwrite to replace the curve in it."
    )


@pytest.mark.parametrize("kept", ["model.keras", "mine.txt"])
def test_what_is_no_curve_is_never_overwritten(shapes, tmp_path, kept):
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.yaml").write_text("seed: 0\n")
    (out / kept).write_text("mine")
    with pytest.raises(RunError) as caught:
        curve([str(shapes), *FLAGS, "--out", str(out), "--overwrite"])
    assert str(caught.value) == (
        f"'{out}' holds files but no curve (no curve.html), so it is not overwritten: "
        "choose another folder with --out."
    )
    assert (out / kept).read_text() == "mine"


def test_a_network_beside_a_curve_keeps_its_settings(shapes, tmp_path):
    for name in ("config.yaml", "curve.html", "model.keras"):
        (tmp_path / name).write_text(name)
    with pytest.raises(RunError) as caught:
        curve([str(shapes), *FLAGS, "--out", str(tmp_path), "--overwrite"])
    assert str(caught.value) == (
        f"'{tmp_path}' holds a trained network too (model.keras), so it is not overwritten: "
        "choose another folder with --out."
    )
    assert {path.read_text() for path in tmp_path.iterdir()} == {
        "config.yaml",
        "curve.html",
        "model.keras",
    }


def test_a_curve_that_is_overwritten_leaves_the_files_of_others(folder, shapes, tmp_path, capsys):
    out = shutil.copytree(folder, tmp_path / "curve")
    for name in ("curve.html", "curve.csv", "curve.png", "scores.json", "mine.txt"):
        (out / name).write_text("old")
    curve(["--manifest", str(out / "manifest.csv"), *FLAGS, "--out", str(out), "--overwrite"])
    capsys.readouterr()
    assert {path.name for path in out.iterdir() if path.read_bytes() == b"old"} == {
        "curve.png",
        "mine.txt",
        "scores.json",
    }
    assert (out / "curve.csv").read_bytes() == (folder / "curve.csv").read_bytes()


def test_a_baseline_on_random_features_is_refused(shapes):
    with pytest.raises(ConfigError, match="needs the features of a pretrained backbone"):
        curve([str(shapes), "--backbone", "lenet", "--baselines", "knn_backbone"])


@pytest.mark.skipif(
    "curve" not in {each.name for each in COMMANDS}, reason="it is no command of the table yet"
)
def test_it_is_a_command(command):
    assert "--draws" in command("curve", "--help").out
