"""`transferkit train`: train a network and score it on the test images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from transferkit.cli.job import Job, parse_job
from transferkit.config.settings import Config
from transferkit.config.validation import Between, check_settings
from transferkit.experiment import run_experiment, train_and_compare
from transferkit.report.comparison.tracking import require_tracker, track_run
from transferkit.runtime.progress import log
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.repeats import RepeatedRuns
    from transferkit.report.comparison.report import Report


@dataclasses.dataclass(frozen=True)
class TrainJob(Job):
    """Fine-tune a network on a folder of images, and write a run folder with the model."""

    repeats: Annotated[int, Between(1, 1000)] = 1
    """Number of trainings, each with the next seed, and with another split unless the source has
    its own; the run is that of the first, and the report shows the spread of all."""
    tracker: Literal["none", "tensorboard", "mlflow"] = "none"
    """Also log settings, epochs and scores for one of these (extras of these names)."""

    def __post_init__(self) -> None:
        check_settings(self)
        # Every repeat has its own seed: the last one's is checked before the first begins.
        dataclasses.replace(self.settings, seed=self.settings.seed + self.repeats - 1)

    def check(self) -> None:
        """Check as any job, and that the tracker is installed."""
        require_tracker(self.tracker)
        super().check()


def train(arguments: Sequence[str]) -> None:
    """`transferkit train DIR`: print the scores and write a run folder."""
    run_job(parse_job(TrainJob, arguments, program="transferkit train"))


def run_job(job: TrainJob, names: Sequence[str] = ()) -> Run:
    """Train a network, fit the baselines `names`, print the table and write the run folder.

    Raises:
        TransferkitError: the images, the settings or the folder are at fault.
    """

    def work(manifest: Manifest, config: Config, run: Run) -> Report:
        report = train_and_compare(manifest, config, names, run=run)
        if job.repeats > 1:
            report.save(run)  # a repeat that fails takes nothing with it
            report = dataclasses.replace(report, repeats=_repeat(job, report, config, names))
        return report

    return run_experiment(job, work, finally_do=partial(track_run, name=job.tracker))


def _repeat(job: TrainJob, first: Report, config: Config, names: Sequence[str]) -> RepeatedRuns:
    """Train and compare again with the next seeds, and return all accuracies."""
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.repeats import RepeatedRuns

    reports = [first]
    for repeat in range(1, job.repeats):
        settings = dataclasses.replace(config, seed=config.seed + repeat)
        log(f"Repeat {repeat + 1} of {job.repeats}, seed {settings.seed}.")
        manifest = Manifest.read(job.source or job.manifest, settings.data, seed=settings.seed)
        report = train_and_compare(manifest, settings, names)
        # Without the networks themselves: a few of them would fill the memory.
        reports.append(dataclasses.replace(report, classifiers=()))
    return RepeatedRuns.over(reports)
