"""`transferkit demo`: both samples, each small here, from the folder to the two reports."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from transferkit.cli import demo
from transferkit.data.samples.digits import write_digits
from transferkit.data.samples.patches import write_patches
from transferkit.errors import RunError
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

NETWORK = "efficientnet_lite0"


def _few_digits(folder: Path) -> Path:
    return write_digits(folder, images=60)


def _few_patches(folder: Path) -> Path:
    """Those of two of the photographs."""
    if not folder.exists():
        for other in sorted(write_patches(folder).glob("*/*")):
            if other.name not in ("brick", "galaxies"):
                shutil.rmtree(other)
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples of the command with few images in each."""
    writers = {"digits": _few_digits, "patches": _few_patches}
    few = [dataclasses.replace(each, write=writers[each.name]) for each in demo.SAMPLES]
    monkeypatch.setattr(demo, "SAMPLES", tuple(few))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_demo_compares_a_network_with_the_baselines_on_both_samples(command, small, tmp_path):
    said = command("demo", "--out", tmp_path)
    assert said.status == 0
    assert names(tmp_path) == ["digits", "patches", "run-digits", "run-patches"]
    for run in (tmp_path / "run-digits", tmp_path / "run-patches"):
        assert (run / "report.html").is_file()
        found = json.loads((run / "scores.json").read_text())
        assert sorted(each["name"] for each in found["classifiers"]) == [
            NETWORK,
            "logistic_regression_backbone",
            "majority",
            "random_forest_pixels",
            "rbf_svm_hog_colour",
        ]
    # A line that says what the sample is, and its table after it, on standard output.
    starts = [line.split()[0] for line in said.out.splitlines() if line.strip()]
    starts = [each for each in starts if each in ("digits:", "patches:", "classifier", NETWORK)]
    assert starts == ["patches:", "classifier", NETWORK, "digits:", "classifier", NETWORK]
    assert said.err.splitlines()[-1] == (
        f"Both reports: {tmp_path}/run-patches/report.html and {tmp_path}/run-digits/report.html"
    )


def test_one_sample_alone_and_again_takes_the_next_free_folder(command, small, tmp_path):
    (tmp_path / "run-digits").mkdir()
    said = command("demo", "--sample", "digits", "--out", tmp_path)
    assert said.status == 0
    assert names(tmp_path) == ["digits", "run-digits", "run-digits-2"]
    assert said.err.splitlines()[-1] == f"Report: {tmp_path}/run-digits-2/report.html"
    assert Run(tmp_path / "run-digits-2").settings()["model"]["backbone"] == NETWORK


def test_a_folder_with_something_else_in_it_is_said_before_the_first_training(command, tmp_path):
    (tmp_path / "patches").mkdir()
    (tmp_path / "patches" / "mine.txt").write_text("mine")
    said = command("demo", "--out", tmp_path)
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        f"transferkit: '{tmp_path}/patches' holds something other than the sample of "
        "1,110 patches, and nothing is overwritten: choose a folder that does not exist yet.\n"
    )


def test_an_unknown_sample_is_status_2(command, tmp_path):
    said = command("demo", "--sample", "faces", "--out", tmp_path)
    assert (said.status, said.out) == (2, "")
    assert "`transferkit demo --help` lists the options." in said.err
    assert names(tmp_path) == []


@pytest.mark.parametrize("sample", demo.SAMPLES, ids=lambda sample: sample.name)
def test_what_is_said_of_a_sample_has_its_number_of_images(sample, tmp_path):
    images = len(list(sample.write(tmp_path / sample.name).rglob("*.png")))
    assert sample.about.startswith(f"{images:,} ")


def test_a_report_that_is_not_whole_leaves_the_next_sample_its_own(
    small, monkeypatch, tmp_path, capsys
):
    begun = []

    def fail(sample, source):
        begun.append(sample.name)
        raise RunError(f"{sample.name} has no map.")

    monkeypatch.setattr(demo, "run_sample", fail)
    with pytest.raises(RunError, match="digits has no map"):
        demo.demo(["--out", str(tmp_path)])
    assert begun == ["patches", "digits"]
    assert "transferkit: patches has no map.\n" in capsys.readouterr().err
