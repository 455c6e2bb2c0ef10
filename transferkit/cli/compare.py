"""`transferkit compare`: a network and baselines on one split."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.baselines.catalog import suitable_baselines
from transferkit.cli.job import parse_job
from transferkit.cli.train import TrainJob, run_job
from transferkit.config.settings import Config
from transferkit.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class CompareJob(TrainJob):
    """Fine-tune a network, fit baselines on the same split, and report which is worth its cost."""

    baselines: Annotated[str, tyro.conf.arg(metavar="NAME,NAME")] = "default"
    """Comma-separated names from `transferkit baselines`; default, or none."""


def compare(arguments: Sequence[str]) -> None:
    """`transferkit compare DIR`: print the table and leave a run folder."""
    job = parse_job(CompareJob, arguments, program="transferkit compare")
    run_job(job, baseline_names(job.baselines, job.settings))


def baseline_names(wanted: str, config: Config) -> list[str]:
    """Return the baselines of the option `wanted`, each looked up.

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
            f"The baseline {lost[0]!r} needs the features of a pretrained backbone, and "
            f"{config.model.backbone!r} starts from random weights: leave it "
            "out, or pass --weights imagenet or a file."
        )
    return names
