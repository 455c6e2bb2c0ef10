"""`transferkit train` and `compare`: images in, a run folder out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, cast

import tyro

from transferkit.backbones.resolve import possible_backbones
from transferkit.baselines.catalog import suitable_baselines
from transferkit.cli.job import Job, parse_job
from transferkit.cli.sources import quiet_catalogue, run_name
from transferkit.config.settings import Config
from transferkit.config.validation import Between, check_settings
from transferkit.errors import ConfigError
from transferkit.experiment import finish, reporting_what_is_left
from transferkit.report.comparison.tracking import require_tracker, track_run
from transferkit.runtime.progress import log
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.repeats import RepeatedRuns
    from transferkit.report.comparison.report import Report


@dataclasses.dataclass(frozen=True)
class TrainJob(Job):
    """Fine-tune a network on a folder of images, and leave a run folder with the model."""

    repeats: Annotated[int, Between(1, 1000)] = 1
    """Do it so many times, each with the next seed and so with another split, where the source has
    none of its own; the run is the first's, and the report says how far the others differ."""
    tracker: Literal["none", "tensorboard", "mlflow"] = "none"
    """Also log settings, epochs and scores for one of these (extras of these names)."""

    def __post_init__(self) -> None:
        check_settings(self)
        # Every repeat has its own seed: the last one's is checked before the first begins.
        dataclasses.replace(self.settings, seed=self.settings.seed + self.repeats - 1)

    def check(self) -> None:
        """As any job, and that the tracker is installed."""
        require_tracker(self.tracker)
        super().check()


@dataclasses.dataclass(frozen=True)
class CompareJob(TrainJob):
    """Fine-tune a network, fit the baselines on the same split, and say which is worth its cost."""

    baselines: Annotated[str, tyro.conf.arg(metavar="NAME,NAME")] = "default"
    """Names from `transferkit baselines` with commas between them; default, or none."""


def train(arguments: Sequence[str]) -> None:
    """`transferkit train DIR`: a network alone, scored on the test images."""
    job = parse_job(TrainJob, arguments, program="transferkit train")
    job.check()
    run_job(job, names=())


def compare(arguments: Sequence[str]) -> None:
    """`transferkit compare DIR`: the network and the baselines on one split."""
    job = parse_job(CompareJob, arguments, program="transferkit compare")
    job.check()
    run_job(job, names=baseline_names(job.baselines, job.settings))


def baseline_names(wanted: str, config: Config) -> list[str]:
    """The baselines that the option `wanted` means, each looked up.

    The default leaves out those on the backbone's features where its weights are random.

    Raises:
        ConfigError: one is unknown, or would look at features that mean nothing.
    """
    if wanted == "none":
        return []
    if wanted == "default":
        return suitable_baselines(config)
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",")))
    suitable = suitable_baselines(config, names)
    lost = [name for name in names if name not in suitable]
    if lost:
        raise ConfigError(
            f"The baseline {lost[0]!r} looks at the features of a pretrained backbone, and "
            f"{possible_backbones(config.model)[0].name!r} starts from random weights: "
            "leave it out, or pass --weights imagenet or a file."
        )
    return names


def run_job(job: TrainJob, *, names: Sequence[str]) -> Run:
    """Train a network and fit the baselines `names`; print the table and leave the run folder.

    Raises:
        TransferkitError: what is wrong with the images or the settings.
    """
    job = cast(TrainJob, job.with_backbone())
    config = job.settings
    # The images come first: what is wrong with them is said before TensorFlow takes its seconds.
    quiet_catalogue(job.source)
    manifest = job.read_manifest()
    name = run_name(manifest.source, config.model.backbone)
    with job.making_run(name) as run, reporting_what_is_left(run):
        report = _compared(manifest, config, names, run=run)
        report = dataclasses.replace(report, environment=run.json("environment.json"))
        if job.repeats > 1:
            report.save(run)  # a repeat that fails takes nothing with it
            report = dataclasses.replace(report, repeats=_repeats(job, names, report))
        finish(report, run)
        track_run(report, run, job.tracker)
        report.faults.require_none(run.folder)
    return run


def _compared(
    manifest: Manifest, config: Config, names: Sequence[str], *, run: Run | None = None
) -> Report:
    """What a network and the baselines `names` say of the test images; they are kept in `run`."""
    from transferkit.baselines.fit import fit_baseline
    from transferkit.evaluation.results import Classifier
    from transferkit.report.comparison.report import compare as compare_classifiers
    from transferkit.training.train import train as train_network

    classifiers: list[Classifier] = [train_network(manifest, config, run=run)]
    for name in names:
        baseline = fit_baseline(name, manifest, config)
        if run is not None:
            baseline.save(run.folder)
        classifiers.append(baseline)
    return compare_classifiers(classifiers, manifest, config, run=run)


def _repeats(job: TrainJob, names: Sequence[str], first: Report) -> RepeatedRuns:
    """The accuracies of all repeats, `first` being the report of the first."""
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.repeats import RepeatedRuns

    reports = [first]
    for repeat in range(1, job.repeats):
        config = dataclasses.replace(job.settings, seed=job.settings.seed + repeat)
        log(f"Repeat {repeat + 1} of {job.repeats}, seed {config.seed}.")
        manifest = Manifest.read(job.source or job.manifest, config.data, seed=config.seed)
        # Without the networks themselves: a few of them would fill the memory.
        reports.append(dataclasses.replace(_compared(manifest, config, names), classifiers=()))
    return RepeatedRuns.over(reports)
