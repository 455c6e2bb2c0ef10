import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from transferkit.errors import ConfigError
from transferkit.report.comparison import tracking
from transferkit.report.comparison.tracking import require_tracker, scalars, settings, track_run
from transferkit.storage.files import write_text
from transferkit.storage.run import Run


def needs(package):
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is an extra")


@pytest.fixture
def run(report, tmp_path):
    run = Run.create(tmp_path / "one")
    report.save(run)
    write_text(run / "config.yaml", report.config.to_yaml())
    return run


def test_epochs_are_steps_and_the_test_is_step_nothing(report):
    found = list(scalars(report))
    assert ("lenet/val_loss", 1.0, 2) in found
    assert ("lenet/test/accuracy", report.scores[2].accuracy, 0) in found
    assert not [each for each in found if each[0].startswith("majority/loss")]


def test_settings_go_by_their_dotted_names(report):
    assert settings(report)["train.epochs"] == "4"


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_tracker_that_is_not_installed_is_refused(name, monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda package: None)
    with pytest.raises(ConfigError) as error:
        require_tracker(name)
    assert str(error.value) == (
        f"--tracker {name} was asked for, and {name} is not installed: "
        f"`pip install 'transferkit[{name}]'`, or leave --tracker out."
    )


def test_none_writes_nothing(report, run):
    before = sorted(run.folder.iterdir())
    require_tracker("none")
    track_run(report, run, "none")
    assert sorted(run.folder.iterdir()) == before


@needs("tensorboard")
def test_tensorboard_reads_what_was_logged(report, run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    track_run(report, run, "tensorboard")
    read = EventAccumulator(str(run / "tensorboard"), size_guidance={"tensors": 0})
    read.Reload()
    steps = [each.step for each in read.Tensors("lenet/loss")]
    assert steps == [1, 2]
    assert "lenet/test/accuracy" in read.Tags()["tensors"]


@needs("mlflow")
def test_the_makers_of_mlflow_are_told_nothing():
    code = (
        "from transferkit.report.comparison.tracking import import_mlflow; import_mlflow()\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "print(get_telemetry_client())"
    )
    told = {"CI", "GITHUB_ACTIONS", "DO_NOT_TRACK", "PYTEST_CURRENT_TEST"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if name not in told},
    )
    assert done.stdout == "None\n"


@needs("mlflow")
@pytest.mark.slow
def test_mlflow_has_settings_scores_and_files(report, run, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    track_run(report, run, "mlflow")
    (found,) = mlflow.search_runs(experiment_names=["transferkit"], output_format="list")
    assert found.data.params["train.epochs"] == "4"
    assert found.data.metrics["lenet/test/accuracy"] == report.scores[2].accuracy
    names = [each.path for each in mlflow.MlflowClient().list_artifacts(found.info.run_id)]
    assert "report.html" in names
