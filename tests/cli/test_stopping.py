"""Commands that are stopped, or that a fault ends: what was finished is in the run folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from commands_worlds import BASELINES, QUICK

from transferkit.baselines.baseline import Baseline
from transferkit.errors import RunError
from transferkit.models.network import Network
from transferkit.report.comparison.tracking import track_run
from transferkit.storage.run import Run

pytestmark = pytest.mark.slow

START = {"config.yaml", "environment.json", "manifest.csv"}


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, id="a time limit"),
    ],
)
def test_training_that_is_stopped_leaves_a_network_that_predicts(
    command, shapes, tmp_path, number, status
):
    run = tmp_path / "run"
    arguments = ["train", str(shapes), *QUICK, "--epochs", "2000", "--train.patience", "2000"]
    code = "from transferkit.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--out", str(run)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        for line in process.stderr:
            if "epoch 2 of" in line:
                process.send_signal(number)
                break
        rest = process.stderr.read().splitlines()[-3:]
        assert process.wait() == status
    assert rest[0].startswith("The best network so far (from scratch, epoch ")
    assert rest[1:] == [
        f"The network is in {str(run)!r}, not scored yet: `transferkit predict {run} FILES` uses "
        "the network.",
        "transferkit: stopped.",
    ]
    assert names(run) == START | {"model.keras", "history.csv"}
    assert command("predict", run, shapes / "circles").status == 0


def stopping(monkeypatch, target, error, *, after=0):
    """Let the function `target` raise `error` when it has been called `after` times."""
    module, name = target.rsplit(".", 1)
    whole, calls = getattr(import_module(module), name), []

    def stop(*given, **named):
        if len(calls) == after:
            raise error
        calls.append(name)
        return whole(*given, **named)

    monkeypatch.setattr(target, stop)


def test_among_the_baselines_what_is_fitted_is_saved_and_not_scored(
    command, shapes, tmp_path, monkeypatch
):
    stopping(monkeypatch, "transferkit.baselines.fit.fit_baseline", KeyboardInterrupt(), after=1)
    run = tmp_path / "run"
    said = command("compare", shapes, *QUICK, "--epochs", 1, *BASELINES, "--out", run)
    assert (said.status, said.out) == (130, "")
    assert said.err.splitlines()[-2:] == [
        f"The network and 1 baseline are in {str(run)!r}, not scored yet: `transferkit predict "
        f"{run} FILES` uses the network.",
        "transferkit: stopped.",
    ]
    assert names(run) == START | {"model.keras", "history.csv", "baselines"}


def test_a_baseline_that_cannot_answer_leaves_the_answers_before_it(
    command, shapes, tmp_path, monkeypatch
):
    def fail(self, paths):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(Baseline, "probabilities", fail)
    run = tmp_path / "run"
    given = ["--epochs", 1, "--baselines", "majority", "--out", run]
    with pytest.raises(ZeroDivisionError):
        command("compare", shapes, *QUICK, *given)
    content = Run(run).json("results.json")
    assert [each["name"] for each in content["classifiers"]] == ["lenet"]
    assert content["asked"] == 2
    monkeypatch.undo()
    said = command("report", run)
    assert said.status == 0
    assert "The run was stopped: 1 of its 2 classifiers have no predictions." in (
        run / "report.html"
    ).read_text("utf-8")


def test_a_fault_in_the_evidence_leaves_the_model_the_answers_and_the_scores(
    command, shapes, tmp_path, monkeypatch
):
    """As when a number of images met rounding noise in the interval of a loss."""
    stopping(
        monkeypatch,
        "transferkit.evaluation.statistics.score_intervals",
        IndexError("index -1 is out of bounds"),
    )
    run = tmp_path / "run"
    said = command("train", shapes, *QUICK, "--epochs", 1, "--out", run)
    assert said.status == 1
    assert "lenet" in said.out
    assert said.err.splitlines()[-1].startswith(
        "transferkit: These parts of the report could not be made: the intervals of the scores, "
    )
    assert {"model.keras", "predictions.csv", "scores.json", "report.html", "errors.txt"} <= names(
        run
    )
    assert Run(run).json("scores.json")["classifiers"][0]["log_loss"] > 0
    monkeypatch.undo()
    assert command("report", run).status == 0
    assert "errors.txt" not in names(run)


def test_a_run_into_a_folder_that_another_process_writes_is_refused(command, shapes, tmp_path):
    hold = (
        "import sys; from pathlib import Path; from transferkit.storage.locks import locked\n"
        "with locked(Path(sys.argv[1])): print(flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        said = command("train", shapes, *QUICK, "--epochs", 1, "--out", tmp_path)
        process.stdin.close()
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        f"transferkit: Another process is writing into {str(tmp_path)!r} at this moment: "
        "wait for its end, or choose another folder with --out.\n"
    )


def test_a_tracker_that_fails_is_a_sentence_and_the_run_is_whole(monkeypatch, tmp_path):
    def fail(report, run):
        raise ConnectionError("refused")

    monkeypatch.setitem(track_run.__globals__["TRACKERS"], "mlflow", fail)
    with pytest.raises(RunError) as caught:
        track_run(None, Run(tmp_path), "mlflow")
    assert str(caught.value) == (
        f"The run is whole in {str(tmp_path)!r}, but mlflow could not log it: "
        "ConnectionError: refused."
    )


def test_a_network_read_back_takes_pictures_without_a_warning(compared, recwarn):
    network = Network.load(compared)
    network.model(np.zeros((1, 32, 32, 3), "float32"))
    assert not [each for each in recwarn if "structure" in str(each.message)]
