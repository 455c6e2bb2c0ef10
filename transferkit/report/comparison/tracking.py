"""Tracking of a run in TensorBoard or MLflow."""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from transferkit.errors import ConfigError, RunError
from transferkit.runtime.progress import log

if TYPE_CHECKING:
    from transferkit.report.comparison.report import Report
    from transferkit.storage.run import Run

EVENTS = "tensorboard"  # the folder of the run that TensorBoard reads
FILES = ("config.yaml", "report.html", "report.md", "model_card.md", "scores.json")
SCORES = (
    *("accuracy", "balanced_accuracy", "macro_f1", "log_loss"),
    *("expected_calibration_error", "brier", "fit_seconds", "predict_milliseconds", "megabytes"),
    *("peak_megabytes", "joules"),
)
MAX_CHARACTERS = 250  # characters of a setting's value: MLflow's own bound, on old servers


def require_tracker(name: str) -> None:
    """Raise an error for a tracker that is not installed, before anything slow.

    Raises:
        ConfigError: the sentence names the extra that brings it.
    """
    if name != "none" and find_spec(name) is None:
        raise ConfigError(
            f"--tracker {name} was asked for, and {name} is not installed: "
            f"`pip install 'transferkit[{name}]'`, or leave --tracker out."
        )


def track_run(report: Report, run: Run, name: str) -> None:
    """Log the settings, the epochs and the scores of `report`, saved in `run`, with `name`.

    Raises:
        RunError: it could not log them; the run is whole all the same.
    """
    try:
        TRACKERS[name](report, run)
    except Exception as error:  # of its server, its disk, its version: all of them another's
        raise RunError(
            f"The run is whole in {str(run.folder)!r}, but {name} could not log it: "
            f"{type(error).__name__}: {error}."
        ) from error


def scalars(report: Report) -> Iterator[tuple[str, float, int]]:
    """Yield `(name, value, step)` of all epochs of each classifier, and of its scores at step 0."""
    for result in report.results:
        for step, row in enumerate(result.history, start=1):
            for quantity, value in row.to_json().items():
                if isinstance(value, (int, float)) and quantity != "epoch":
                    yield f"{result.name}/{quantity}", float(value), step
    for entry in report.entries:
        for score in SCORES:
            if entry[score] is not None:
                yield f"{entry['name']}/test/{score}", float(entry[score]), 0


def settings(report: Report) -> dict[str, str]:
    """Return the settings by their dotted names, as text."""
    from transferkit.report.comparison.serialize import (
        flat,  # what only a run needs is imported when it runs
    )

    named = flat(dataclasses.asdict(report.config))
    return {name: text[:MAX_CHARACTERS] for name, text in named}


def _tensorboard(report: Report, run: Run) -> None:
    from tensorboard.summary import Writer

    writer = Writer(str(run / EVENTS))
    for name, value, step in scalars(report):
        writer.add_scalar(name, value, step)
    writer.close()
    log(f"TensorBoard: `tensorboard --logdir {run / EVENTS}` shows it.")


def import_mlflow() -> Any:
    """Import MLflow without telemetry, if it is imported for the first time.

    Who has set `MLFLOW_DISABLE_TELEMETRY` has decided otherwise, or the same.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    return importlib.import_module("mlflow")


def _mlflow(report: Report, run: Run) -> None:
    mlflow = import_mlflow()
    mlflow.set_experiment("transferkit")
    with mlflow.start_run(run_name=run.folder.name) as active:
        mlflow.log_params(settings(report))
        for name, value, step in scalars(report):
            mlflow.log_metric(name, value, step=step)
        for file in FILES:
            mlflow.log_artifact(str(run / file))
        mlflow.set_tag("verdict", report.verdict)
    log(f"MLflow: run {active.info.run_id} at {mlflow.get_tracking_uri()}.")


TRACKERS: dict[str, Callable[[Report, Run], None]] = {
    "none": lambda report, run: None,
    "tensorboard": _tensorboard,
    "mlflow": _mlflow,
}
