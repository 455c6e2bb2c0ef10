"""Command line of a recipe: its flags, and a run around its own lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from transferkit.cli.job import Job, parse_job
from transferkit.config.settings import Config
from transferkit.experiment import recorded, run_experiment
from transferkit.runtime.process import run_as_script
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.report import Report

Settings = TypeVar("Settings", bound=Config)
Work = Callable[["Manifest", Settings], "Report"]
Addition = Callable[["Report", Run], None]


def recipe_main(
    work: Work[Settings],
    config: Settings,
    description: str | None,
    *,
    also: Addition | None = None,
) -> None:
    """Run a recipe as a script: flags over its `config`, then `work`, then the report.

    Prints the table on standard output, and leaves a whole run folder: the most accurate network
    of the report is its model, beside the baselines. `config` may be of a class of the
    recipe's own, derived from `Config`: what it adds are flags too. `also` is called at the end
    with the report and the run, to print and save what only this recipe has.

    An error of the user's is one line on standard error, and exit status 1; 2 for a flag.
    """
    script = Path(sys.argv[0])
    run_as_script(lambda: _run_recipe(work, config, description, script=script, also=also))


def _run_recipe(
    work: Work[Settings],
    config: Settings,
    description: str | None,
    *,
    script: Path,
    also: Addition | None,
) -> None:
    job = parse_job(
        Job, sys.argv[1:], program=f"python {script}", default=config, about=description
    )
    run_experiment(job, recorded(work), name=script.stem, finally_do=also)
