"""`transferkit train` without the name of a backbone: what it takes, says and leaves."""

from __future__ import annotations

import os

import h5py
import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.cli.job import Job
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

QUICK = ["--image-size", 32, "--train.unfreeze", "none", "--train.head-epochs", 1]
LINE = "No ImageNet weights in the cache and none from the network: using pocket (96 px). "


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    """A working folder and a cache of the test's own,"""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)


def test_without_a_network_the_first_line_says_that_pocket_is_used(command, shapes):
    said = command("train", shapes, *QUICK)
    assert said.status == 0
    first, second = said.err.splitlines()[:2]
    assert first.startswith(LINE)
    assert second.startswith("Images: ")
    assert said.err.count(LINE) == 1


def test_the_run_is_called_after_it_and_can_be_repeated(command, shapes, tmp_path):
    assert command("train", shapes, *QUICK).status == 0
    run = Run.open(next((tmp_path / "runs").iterdir()))
    assert run.folder.name.endswith("-pocket")
    assert run.settings()["model"]["backbone"] == "pocket"
    again = command("train", shapes, "--config", run / "config.yaml", "--out", "again")
    assert LINE not in again.err
    assert Run.open("again").settings() == run.settings()


def test_the_baselines_read_embedded_weights_and_nothing_else_is_looked_for(command, shapes):
    name = "logistic_regression_backbone"
    flags = [*QUICK, "--weights", "embedded", "--baselines", name]
    said = command("compare", shapes, *flags, "--out", "run")
    assert said.status == 0
    assert said.err.startswith("Images: ")
    assert Run.open("run").settings()["model"]["backbone"] == "pocket"
    assert command("predict", "run", shapes / "circles", "--classifier", name).status == 0


def test_weights_in_the_cache_make_it_mobilenet_v2(shapes, tmp_path):
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    h5py.File(folder / find_backbone("mobilenet_v2").weights_file, "w").close()
    assert Job(str(shapes)).with_backbone().settings.model.backbone == "mobilenet_v2"


def test_a_named_backbone_without_weights_is_an_error_that_names_pocket(command, shapes, tmp_path):
    row = find_backbone("mobilenet_v2")
    said = command("train", shapes, *QUICK, "--backbone", "mobilenet_v2", "--out", "run")
    assert said.status == 1
    assert said.err.splitlines()[-1] == (
        "transferkit: The ImageNet weights of 'mobilenet_v2' are not in Keras' cache, and "
        f"{os.environ['TRANSFERKIT_MIRROR']}/{row.weights_path} cannot be downloaded "
        "([Errno 111] Connection refused): "
        f"put that file at '{tmp_path}/keras/models/{row.weights_file}', name a mirror in "
        "TRANSFERKIT_MIRROR, or pass --weights FILE, --weights none, or --backbone pocket."
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["nowhere"], "There is no folder 'nowhere': give one with one sub-folder per class."),
        (
            ["--manifest", "gone.csv"],
            "There is no file 'gone.csv': give a .csv with the columns path,label.",
        ),
        (
            [],
            "Got neither a source nor --manifest: give one of them, such as a folder with one "
            "sub-folder per class.",
        ),
    ],
)
def test_weights_are_looked_for_only_where_there_are_images(command, given, sentence):
    assert command("train", *given) == (1, "", f"transferkit: {sentence}\n")


def test_features_of_random_weights_are_refused_by_the_name_that_auto_means(command, shapes):
    given = ["--weights", "none", "--baselines", "knn_backbone"]
    assert command("compare", shapes, *given) == (
        1,
        "",
        "transferkit: The baseline 'knn_backbone' needs the features of a pretrained backbone, "
        "and 'mobilenet_v2' starts from random weights: leave it out, or pass --weights imagenet "
        "or a file.\n",
    )
