"""The lesson of the embedded backbone, its short form from the command line."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import keras
import pandas as pd
import pytest

from tools.pocket.dataset import LABELS
from transferkit.backbones.build import build_backbone

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).parents[2] / "tools" / "pocket" / "make_pocket.py"
SHORT = ["--pictures", "16", "--batch-size", "8", "--steps", "2", "--kept-every", "2"]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """The recipe as a script, in this process, which has TensorFlow already."""
    monkeypatch.setattr("sys.argv", [str(RECIPE), *arguments])
    runpy.run_path(str(RECIPE), run_name="__main__")


def test_it_draws_reads_learns_and_probes(
    tmp_path: Path,
    shapes: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--teacher", "mobilenet_025", "--weights", "none", "--probe", str(shapes)]
    run(monkeypatch, *SHORT, *flags, "--out", str(tmp_path))
    folder = tmp_path / "teacher"
    history = pd.read_csv(folder / "student.csv")
    assert history["step"].tolist() == [2]
    assert 0 <= history[shapes.name].item() <= 1
    assert build_backbone("pocket", str(folder / "pocket.weights.h5")).count_params()
    assert (folder / "curve.png").stat().st_size > 10_000
    assert "SHA-256" in capsys.readouterr().err


def test_labels_need_no_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ["--targets", "labels", "--weights", "nowhere.h5"]
    run(monkeypatch, *SHORT, *flags, "--out", str(tmp_path))
    folder = tmp_path / "labels"
    assert keras.saving.load_model(folder / "labels.keras").output_shape == (None, LABELS)
    assert (folder / "labels.csv").exists()
    assert (folder / "pocket.weights.h5").exists()


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (
            ["--steps", "7", "--kept-every", "2"],
            "The setting 'steps' is 7: it should be a multiple of the 2 steps between two "
            "checkpoints (--kept-every).",
        ),
        (
            ["--teacher", "mobilenet_3"],
            "No backbone is called 'mobilenet_3': did you mean 'mobilenet'? "
            "`transferkit backbones` lists them.",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, flags: list[str], error: str) -> None:
    command = [sys.executable, str(RECIPE), *flags, "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, f"transferkit: {error}\n")
    assert not (tmp_path / "out").exists()
