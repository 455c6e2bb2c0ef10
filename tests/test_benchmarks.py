"""The benchmarks, held: each says how it is run, `make bench` runs it, loading it does nothing."""

from __future__ import annotations

import argparse
import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from transferkit.backbones.build import build_backbone
from transferkit.config.settings import DEFAULT_BACKBONE

ROOT = Path(__file__).parent.parent
MODULES = ("turns.py", "hostile_uploads.py")  # that scripts import
SCRIPTS = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.name not in MODULES)
by_name = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)


@by_name
def test_its_docstring_has_its_command(path):
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert f"    python benchmarks/{path.name}" in text


@by_name
def test_make_bench_runs_it(path):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    lines = re.findall(r"^bench:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[0].splitlines()
    assert sum(f"benchmarks/{path.name}" in line.split() for line in lines) == 1


@by_name
def test_loading_it_measures_nothing(path, capfd, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(path.parent)
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(path), run_name="loaded")
    assert callable(names["main"])
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_benchmark_of_memory_runs():
    """One that is not timed, so that the settings it hands to other processes are tried."""
    script = ROOT / "benchmarks" / "memory.py"
    command = [sys.executable, script, "20", "40", "--image-size", "32", "--no-head"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        [images, title] for images in ("20", "40") for title in ("cold", "kept")
    ]


@pytest.mark.parametrize("weights", ["imagenet", "none"])
def test_the_weights_that_benchmarks_hand_on_can_be_built(weights, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import turns

    backbone = DEFAULT_BACKBONE if weights == "imagenet" else "pocket"
    asked = argparse.Namespace(backbone=backbone, weights=weights)
    name, handed_on = turns.model_of(asked, tmp_path)
    assert handed_on != "none"
    assert build_backbone(name, handed_on).count_params()


def test_the_line_of_every_mutant_is_in_the_code():
    rows = yaml.safe_load((ROOT / "benchmarks" / "mutants.yaml").read_text("utf-8"))
    texts = {row["file"]: (ROOT / "transferkit" / row["file"]).read_text("utf-8") for row in rows}
    assert [row["name"] for row in rows if texts[row["file"]].count(row["old"]) != 1] == []
