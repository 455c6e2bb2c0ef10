"""The lesson of the embedded backbone, its short form from the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from transferkit.backbones.networks import build_backbone

RECIPE = Path(__file__).parents[2] / "recipes" / "make_pocket.py"
SHORT = ["--pictures", "16", "--batch", "8", "--steps", "2", "--kept-every", "2"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RECIPE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_draws_reads_learns_and_probes(tmp_path: Path, shapes: Path) -> None:
    flags = ["--teacher", "mobilenet_025", "--weights", "none", "--probe", str(shapes)]
    ended = run(*SHORT, *flags, "--out", str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "teacher"
    history = pd.read_csv(folder / "student.csv")
    assert history["step"].tolist() == [2]
    assert 0 <= history[shapes.name].item() <= 1
    assert build_backbone("pocket", str(folder / "pocket.weights.h5")).count_params()
    assert (folder / "curve.png").stat().st_size > 10_000
    assert "SHA-256" in ended.stderr


def test_labels_need_no_teacher(tmp_path: Path) -> None:
    ended = run(*SHORT, "--targets", "labels", "--weights", "nowhere.h5", "--out", str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "labels" / "pocket.weights.h5").exists()


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
    ended = run(*flags, "--out", str(tmp_path / "out"))
    assert (ended.returncode, ended.stderr) == (1, f"transferkit: {error}\n")
    assert not (tmp_path / "out").exists()
