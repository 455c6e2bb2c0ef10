"""`transferkit train` and `compare`: images in, a run folder out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.backbones.start import possible_backbones
from transferkit.baselines.choosing import suitable_baselines
from transferkit.commands.sources import quiet_catalogue, run_name
from transferkit.config import Config
from transferkit.errors import ConfigError
from transferkit.jobs import Job, parse_job
from transferkit.recipe import finish
from transferkit.runs import Run


@dataclasses.dataclass(frozen=True)
class CompareJob(Job):
    """Fine-tune a network, fit the classics on the same split, and say which is worth its cost."""

    baselines: Annotated[str, tyro.conf.arg(metavar="NAME,NAME")] = "default"
    """Names from `transferkit baselines` with commas between them; default, or none."""


def train(arguments: Sequence[str]) -> None:
    """`transferkit train DIR`: a network alone, scored on the test images."""
    about = "Fine-tune a network on a folder of images, and leave a run folder with the model."
    job = parse_job(Job, arguments, program="transferkit train", about=about)
    job.check()
    run_job(job, names=())


def compare(arguments: Sequence[str]) -> None:
    """`transferkit compare DIR`: the network and the classics on one split."""
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


def run_job(job: Job, *, names: Sequence[str]) -> Run:
    """Train a network and fit the baselines `names`; print the table and leave the run folder.

    Raises:
        TransferkitError: what is wrong with the images or the settings.
    """
    job = job.with_backbone()
    config = job.settings
    # The images come first: what is wrong with them is said before TensorFlow takes its seconds.
    quiet_catalogue(job.source)
    manifest = job.read_manifest()
    run = job.create_run(run_name(manifest.source, config.model.backbone))
    from transferkit.baselines.fitting import fit_baseline
    from transferkit.evidence.results import Classifier
    from transferkit.report.report import compare as compare_classifiers
    from transferkit.training.train import train as train_network

    classifiers: list[Classifier] = [train_network(manifest, config, run=run)]
    for name in names:
        baseline = fit_baseline(name, manifest, config)
        baseline.save(run.folder)
        classifiers.append(baseline)
    found = run.json("environment.json")
    finish(compare_classifiers(classifiers, manifest, config, environment=found), run)
    return run
