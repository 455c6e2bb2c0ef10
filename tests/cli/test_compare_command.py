"""`transferkit train` and `compare`: what they leave, what they print, and what decides it."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pandas as pd
import pytest
import yaml
from commands_worlds import BASELINES, QUICK

from transferkit.cli import train as train_command
from transferkit.cli.compare import baseline_names
from transferkit.config.settings import Config, ModelConfig
from transferkit.experiment import run_name
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

LENET = Config(model=ModelConfig(backbone="lenet", weights="none"))
FILES = {
    "baselines",
    "config.yaml",
    "environment.json",
    "explanations.json",
    "history.csv",
    "manifest.csv",
    "model.keras",
    "model_card.md",
    "predictions.csv",
    "report.html",
    "report.md",
    "results.json",
    "scores.json",
}
TABLES = ("accuracy", "confusion", "log_loss")  # what does not depend on the clock


def scores(folder):
    found = json.loads((folder / "scores.json").read_text())
    return {each["name"]: {key: each[key] for key in TABLES} for each in found["classifiers"]}


def test_a_comparison_leaves_a_whole_run_folder(compared):
    assert {path.name for path in compared.iterdir()} == FILES


def test_the_baselines_are_saved_by_their_names(compared):
    found = {path.name for path in (compared / "baselines").iterdir()}
    assert found == {"majority.skops", "random_forest_pixels.skops"}


def test_every_classifier_is_scored(compared):
    assert set(scores(compared)) == {"lenet", "majority", "random_forest_pixels"}


def test_the_table_is_on_standard_output_and_the_progress_is_not(command, shapes, tmp_path):
    said = command("train", shapes, *QUICK, "--epochs", 1, "--out", tmp_path / "run")
    assert said.status == 0
    lines = [line for line in said.out.splitlines() if line]
    assert lines[0].split()[:2] == ["classifier", "accuracy"]
    assert lines[2].split()[0] == "lenet"
    assert len(lines) == 4  # and the verdict
    starts = [line.split(" ")[0].rstrip(":") for line in said.err.splitlines()]
    # The note says how the folder was read, and the fifth line is the temperature's.
    assert starts == ["Images", "Note", "Device", "from", "The", "Report"]


def test_the_same_seed_gives_the_same_scores(command, shapes, compared, tmp_path):
    command("compare", shapes, *QUICK, "--epochs", 2, *BASELINES, "--out", tmp_path / "run")
    assert scores(tmp_path / "run") == scores(compared)


def test_repeats_are_other_seeds_and_splits_and_their_spread_is_said(command, shapes, tmp_path):
    given = ["--epochs", 1, "--baselines", "random_forest_pixels", "--out", tmp_path / "run"]
    said = command("compare", shapes, *QUICK, *given, "--seed", 5, "--repeats", 3)
    title = "Accuracy over 3 repeats, seeds 5 to 7, each with a split of its own:"
    assert title in said.out
    assert "Repeat 3 of 3, seed 7." in said.err
    table = pd.read_csv(tmp_path / "run" / "repeats.csv")
    assert list(table["classifier"]) == ["lenet", "random_forest_pixels"]
    assert list(table["trainings"]) == [3, 3]
    assert title in (tmp_path / "run" / "report.html").read_text("utf-8")
    assert (tmp_path / "run" / "repeats.png").is_file()


def test_every_repeat_needs_a_seed(command, shapes):
    said = command("train", shapes, *QUICK, "--seed", 2**32 - 1, "--repeats", 2)
    assert "The setting 'seed' is 4294967296" in said.err


def test_a_repeat_that_fails_takes_nothing_with_it(shapes, tmp_path, monkeypatch):
    def fail(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "_repeat", fail)
    given = ["--epochs", 1, "--out", tmp_path / "run", "--repeats", 2]
    with pytest.raises(KeyboardInterrupt):
        train_command.train([str(shapes), *QUICK, *map(str, given)])
    assert (tmp_path / "run" / "report.html").is_file()


def test_repeats_of_a_given_split_share_it(command, compared, tmp_path):
    given = ["--manifest", compared / "manifest.csv", "--epochs", 1, "--out", tmp_path / "run"]
    said = command("train", *QUICK, *given, "--repeats", 2)
    assert "seeds 0 to 1, each on the source's own split:" in said.out


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is an extra")
def test_a_tracker_gets_the_run_too(command, shapes, tmp_path):
    given = ["--epochs", 1, "--tracker", "tensorboard", "--out", tmp_path / "run"]
    said = command("train", shapes, *QUICK, *given)
    assert f"`tensorboard --logdir {tmp_path / 'run' / 'tensorboard'}` shows it." in said.err
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.*"))


def test_a_manifest_given_back_gives_the_same_split(command, compared, tmp_path):
    out, listed = tmp_path / "run", compared / "manifest.csv"
    command("train", *QUICK, "--epochs", 1, "--seed", 7, "--manifest", listed, "--out", out)
    assert (out / "manifest.csv").read_bytes() == listed.read_bytes()


def test_another_seed_gives_another_split(command, shapes, compared, tmp_path):
    command("train", shapes, *QUICK, "--epochs", 1, "--seed", 7, "--out", tmp_path / "run")
    splits = [pd.read_csv(each / "manifest.csv")["split"] for each in (compared, tmp_path / "run")]
    assert not splits[0].equals(splits[1])


def test_the_settings_of_a_run_given_back_are_its_settings(command, shapes, compared, tmp_path):
    given = ["--config", compared / "config.yaml", "--out", tmp_path / "run"]
    command("train", shapes, *given)
    assert Run(tmp_path / "run").settings() == Run(compared).settings()


def test_flags_overrule_the_settings_file_and_that_the_preset(command, shapes, tmp_path):
    """Best has two blocks and TTA; the file says no TTA and 2 epochs, and the flag 1."""
    settings = {"train": {"epochs": 2, "tta": False}, "seed": 3}
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(settings))
    given = ["--preset", "best", "--config", tmp_path / "settings.yaml", "--epochs", 1]
    model = ["--backbone", "lenet", "--weights", "none"]
    said = command("train", shapes, *model, *given, "--out", tmp_path / "run")
    assert said.status == 0
    found = Run(tmp_path / "run").settings()
    assert found["seed"] == 3
    train = {name: found["train"][name] for name in ("epochs", "tta", "unfreeze")}
    assert train == {"epochs": 1, "tta": False, "unfreeze": "2"}


def test_a_run_that_is_there_is_not_replaced_unasked(command, shapes, compared):
    before = (compared / "scores.json").read_bytes()
    assert command("train", shapes, *QUICK, "--out", compared).err.splitlines()[-1] == (
        f"transferkit: '{compared}' exists already: choose another folder with --out, "
        "or pass --overwrite to replace the run in it."
    )
    assert (compared / "scores.json").read_bytes() == before


def test_overwrite_replaces_the_run_and_leaves_other_files(command, shapes, tmp_path):
    folder = tmp_path / "run"
    command("compare", shapes, *QUICK, "--epochs", 1, "--baselines", "majority", "--out", folder)
    (folder / "notes.txt").write_text("mine")
    said = command("train", shapes, *QUICK, "--epochs", 1, "--out", folder, "--overwrite")
    assert said.status == 0
    assert set(scores(folder)) == {"lenet"}
    assert not list(folder.glob("baselines/*"))
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_that_holds_no_run_is_not_overwritten(command, shapes, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    said = command("train", shapes, *QUICK, "--out", tmp_path, "--overwrite")
    assert (said.status, said.out) == (1, "")
    assert said.err.splitlines()[-1] == (
        f"transferkit: '{tmp_path}' holds files but no run (no config.yaml), "
        "so it is not overwritten: choose another folder with --out."
    )


@pytest.mark.parametrize(
    ("given", "start"),
    [([], "Got neither a source nor --manifest"), (["a", "--manifest", "b"], "Got both a source")],
)
def test_one_of_source_and_manifest_is_needed(command, given, start):
    said = command("train", *given)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith(f"transferkit: {start}")


def test_without_pretrained_weights_the_default_has_no_backbone_features():
    assert baseline_names("default", LENET) == [
        "majority",
        "random_forest_pixels",
        "rbf_svm_hog_colour",
    ]
    assert "logistic_regression_backbone" in baseline_names("default", Config())


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("none", []),
        ("majority", ["majority"]),
        ("knn_hog, majority,knn_hog", ["knn_hog", "majority"]),
    ],
)
def test_baselines_are_named_with_commas(wanted, names):
    assert baseline_names(wanted, LENET) == names


def test_features_of_random_weights_are_refused_before_the_training(command, shapes):
    said = command("compare", shapes, *QUICK, "--baselines", "majority,knn_backbone")
    assert (said.status, said.err) == (
        1,
        "transferkit: The baseline 'knn_backbone' needs the features of a pretrained backbone, "
        "and 'lenet' starts from random weights: leave it out, or pass --weights imagenet or a "
        "file.\n",
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("photos", "photos-lenet"),
        ("a/photos.v2/", "photos.v2-lenet"),
        ("a/list.csv", "list-lenet"),
        ("my photos (2)", "my-photos-2-lenet"),
        ("tfds:imagenette/160px:1.0.0", "imagenette-160px-1.0.0-lenet"),
        ("/", "images-lenet"),
    ],
)
def test_a_run_is_called_after_its_source_and_backbone(source, name):
    assert run_name(source, "lenet") == name
