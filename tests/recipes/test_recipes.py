"""Every recipe, run to its end on small pictures; and what is wrong with its command line."""

from __future__ import annotations

import json
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from transferkit import Run, load_baseline, predict, write_patches
from transferkit.cli.job import Job, parse_job

pytestmark = pytest.mark.slow

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = sorted({path.stem for path in RECIPES.glob("*.py")})
FILES = ("config.yaml", "environment.json", "manifest.csv", "history.csv", "model.keras")
FILES += ("scores.json", "predictions.csv", "report.html", "report.md", "model_card.md")
SMALL = "--weights none --train.unfreeze none --train.head-epochs 1"
QUICK = ("augmentation_ablation", "compare_baselines", "lenet")  # networks that load in no time
COMMANDS = {
    "lenet": "--image-size 32 --epochs 1",
    "resnet50": f"{SMALL} --image-size 32",
    "vgg16": f"{SMALL} --image-size 32 --model.hidden-units 8",
    "inception_v3": f"{SMALL} --image-size 75",
    "compare_baselines": f"{SMALL} --image-size 32 --backbone lenet --more-backbones mobilenet_025 "
    "--features colour",
    "from_scratch": "--backbone pocket --image-size 32 --epochs 1 "
    "--networks softmax_regression lenet",
    "augmentation_ablation": "--backbone lenet --image-size 32 --epochs 1 --policies none flip "
    "--dropouts 0.5 --seeds 2",
}


def load(name: str) -> Any:
    """The recipe as a module, not run."""
    spec = spec_from_file_location(f"recipe_{name}", RECIPES / f"{name}.py")
    sys.modules[spec.name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def runs(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """`runs("lenet")`: the run folder of that recipe on the shapes, made when first asked for."""
    made: dict[str, Run] = {}
    folder = tmp_path_factory.mktemp("runs")

    def run(name: str) -> Run:
        if name not in made:
            with pytest.MonkeyPatch.context() as patch:
                script, out = str(RECIPES / f"{name}.py"), folder / name
                words = [script, shapes, *COMMANDS[name].split(), "--out", out]
                patch.setattr("sys.argv", [str(word) for word in words])
                runpy.run_path(script, run_name="__main__")
            made[name] = Run.open(out)
        return made[name]

    return run


def test_every_recipe_is_run_here() -> None:
    assert sorted(COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_leaves_every_file_of_a_run(name: str, runs: Callable[[str], Run]) -> None:
    assert [file for file in FILES if not (runs(name) / file).is_file()] == []


@pytest.mark.parametrize("name", QUICK)
def test_the_model_of_a_recipe_predicts(
    name: str, runs: Callable[[str], Run], shapes: Path
) -> None:
    found = predict(runs(name).folder, shapes / "circles")
    assert list(found["problem"]) == [""] * 20


@pytest.mark.parametrize("name", sorted({*NAMES} - {"augmentation_ablation"}))
def test_every_baseline_of_a_recipe_can_be_read_back(name: str, runs: Callable[[str], Run]) -> None:
    scored = runs(name).json("scores.json")["classifiers"]
    saved = [load_baseline(path).name for path in (runs(name) / "baselines").iterdir()]
    assert sorted(saved) == sorted(each["name"] for each in scored if each["kind"] == "baseline")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_a_recipe_names_the_device(name: str, runs: Callable[[str], Run]) -> None:
    device = runs(name).json("environment.json")["device"]
    assert device.startswith("Device: ")
    assert device.split(",")[0] in (runs(name) / "report.html").read_text("utf-8")


def test_the_card_says_what_the_network_started_from(runs: Callable[[str], Run]) -> None:
    card = (runs("lenet") / "model_card.md").read_text("utf-8")
    assert "It started from random weights." in card
    assert "- Backbone **lenet** (Gradient-Based Learning" in card


@pytest.mark.parametrize("name", QUICK)
def test_the_history_is_that_of_the_saved_model(name: str, runs: Callable[[str], Run]) -> None:
    from transferkit import Network

    history = pd.read_csv(runs(name) / "history.csv")
    kept = pd.DataFrame(Network.load(runs(name).folder).history)
    pd.testing.assert_frame_equal(history, kept.astype(history.dtypes))


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_of_a_recipe_can_be_given_to_it_again(
    name: str, runs: Callable[[str], Run]
) -> None:
    default = load(name).CONFIG
    path = str(runs(name) / "config.yaml")
    job = parse_job(Job, ["DIR", "--config", path], program="recipe", default=default)
    assert job.settings.to_yaml() == Path(path).read_text("utf-8")


def test_of_several_networks_the_most_accurate_is_the_model(runs: Callable[[str], Run]) -> None:
    from transferkit import Network

    run = runs("augmentation_ablation")
    assert Network.load(run.folder).name in [
        each["name"]
        for each in run.json("scores.json")["classifiers"]
        if each["accuracy"] == run.json("scores.json")["classifiers"][0]["accuracy"]
    ]


def test_the_ablation_leaves_a_row_a_pair_with_mean_and_spread(runs: Callable[[str], Run]) -> None:
    run = runs("augmentation_ablation")
    table = pd.read_csv(run / "ablation.csv", keep_default_na=False)
    assert list(table.columns) == [
        "policy", "dropout", "trainings", "mean", "spread", "min", "max",
    ]  # fmt: skip
    assert list(zip(table["policy"], table["dropout"], table["trainings"], strict=True)) == [
        ("none", 0.5, 2),
        ("flip", 0.5, 2),
    ]
    scored = {each["name"]: each["accuracy"] for each in run.json("scores.json")["classifiers"]}
    first = [scored[f"none, dropout 0.5, seed {seed}"] for seed in (0, 1)]
    assert table["mean"][0] == pytest.approx(sum(first) / 2, abs=1e-4)


def test_pretraining_is_compared_on_the_patches(
    run_recipe: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patches, run = write_patches(tmp_path / "patches"), tmp_path / "run"
    words = ("--networks", "mlp", "resnet20_cifar", "--epochs", 2, "--out", run)
    run_recipe("from_scratch", patches, *words)
    table = pd.read_csv(run / "pretraining.csv")
    others = ["rbf_svm_hog_colour", "mlp from scratch", "resnet20_cifar from scratch"]
    assert list(table["other"]) == others
    assert (table["low"] > 0).all()  # the pretrained network is ahead of all, beyond noise
    assert capsys.readouterr().out.splitlines()[-4].split() == list(table.columns)


def test_the_ablation_leaves_a_picture(runs: Callable[[str], Run]) -> None:
    from PIL import Image

    with Image.open(runs("augmentation_ablation") / "ablation.png") as picture:
        assert picture.size[0] == 7 * 150


def test_the_comparison_has_every_baseline_on_the_features_asked_for(
    runs: Callable[[str], Run],
) -> None:
    scored = runs("compare_baselines").json("scores.json")["classifiers"]
    names = {each["name"] for each in scored}
    assert {"lenet", "mobilenet_025", "majority", "knn_colour", "gradient_boosting_colour"} < names
    assert len(names) == 2 + 1 + 9


@pytest.mark.parametrize("name", NAMES)
def test_the_commands_in_a_docstring_can_be_parsed(name: str) -> None:
    recipe = load(name)
    lines = [line.strip() for line in recipe.__doc__.splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith("python ")]
    assert len(commands) >= 2
    for program, script, *words in commands:
        assert (program, script) == ("python", f"recipes/{name}.py")
        assert parse_job(Job, words, program=script, default=recipe.CONFIG).source == "DIR"


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_30_to_60_lines(name: str) -> None:
    assert 30 <= len((RECIPES / f"{name}.py").read_text("utf-8").splitlines()) <= 60


def test_a_recipe_trains_on_two_devices(drawn: Callable[..., Path], tmp_path: Path) -> None:
    """Nine images per class: batches and splits that two devices cannot share evenly.

    A fresh process, since a CPU becomes two devices only before TensorFlow starts; also where a
    run is to be overwritten, for which the network is built early.
    """
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("seed: 0\n")
    words = ["--backbone", "mobilenet_025", "--weights", "none", "--train.unfreeze", "last"]
    words += [
        "--epochs",
        "1",
        "--train.head-epochs",
        "1",
        "--image-size",
        "32",
        "--train.batch-size",
        "7",
    ]
    words += ["--compute.devices", "cpu:2", "--out", str(tmp_path / "run"), "--overwrite"]
    command = [sys.executable, str(RECIPES / "resnet50.py"), str(drawn(images=9)), *words]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert ", 2 replicas (mirrored), " in ended.stderr
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    assert list(history["stage"]) == ["head", "fine-tune"]
    assert history["val_loss"].notna().all()
    scores = json.loads((tmp_path / "run" / "scores.json").read_text("utf-8"))
    assert "mobilenet_025" in [each["name"] for each in scores["classifiers"]]
