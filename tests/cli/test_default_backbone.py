"""`transferkit train` by the name of a backbone and without one: what it takes, says and leaves."""

from __future__ import annotations

import os

import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

QUICK = ["--image-size", 32, "--train.unfreeze", "none", "--train.head-epochs", 1]


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    """A working folder and a cache of the test's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)


def test_the_default_needs_no_network_and_the_run_can_be_repeated(command, shapes, tmp_path):
    assert command("train", shapes, *QUICK).status == 0
    run = Run.open(next((tmp_path / "runs").iterdir()))
    assert run.folder.name.endswith("-efficientnet_lite0")
    assert run.settings()["model"]["backbone"] == "efficientnet_lite0"
    assert command("train", shapes, "--config", run / "config.yaml", "--out", "again").status == 0
    assert Run.open("again").settings() == run.settings()


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


def test_features_of_random_weights_are_refused_by_the_name_of_the_default(command, shapes):
    given = ["--weights", "none", "--baselines", "knn_backbone"]
    assert command("compare", shapes, *given) == (
        1,
        "",
        "transferkit: The baseline 'knn_backbone' needs the features of a pretrained backbone, "
        "and 'efficientnet_lite0' starts from random weights: "
        "leave it out, or pass --weights imagenet or a file.\n",
    )
