"""What every recipe does around its own lines: read, check, run, save, report."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from transferkit.active_run import making
from transferkit.config import Config
from transferkit.errors import RunError
from transferkit.jobs import Job, parse_job
from transferkit.process import exit_with
from transferkit.progress import say, show
from transferkit.runs import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.report import Report

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
    of the report is its model, the classics are its baselines. `config` may be of a class of the
    recipe's own, derived from `Config`: what it adds are flags too. `also` is called at the end
    with the report and the run, to print and save what only this recipe has.

    An error of the user's is one line on standard error, and exit status 1; 2 for a flag.
    """
    script = Path(sys.argv[0])
    exit_with(lambda: _run_recipe(work, config, description, script=script, also=also))


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
    job.check()
    job = job.with_backbone()
    manifest = job.read_manifest()
    with job.making_run(script.stem) as run, saying_what_is_left(run):
        found = _start(run, manifest, job.settings)
        with making(run):
            report = dataclasses.replace(work(manifest, job.settings), environment=found)
        save_classifiers(report, run)
        finish(report, run)
        if also:
            also(report, run)
        report.faults.require_none(run.folder)


def _start(run: Run, manifest: Manifest, config: Config) -> dict[str, Any]:
    """Write what the run starts from, and give the environment; its devices are taken."""
    from transferkit.training.devices import choose_device
    from transferkit.training.environment import environment
    from transferkit.training.train import start_run

    found = environment(choose_device(config.train).line, config.seed)
    start_run(run, manifest, config, found)
    return found


def save_classifiers(report: Report, run: Run) -> None:
    """Save the classics of `report`, and the best of its networks as the run's model.

    The best is that of the headline measure; of equally good ones, the faster to train. A classic
    has the name in the report. A classifier of another kind saves itself, or that it is not saved
    is said.
    """
    from transferkit.baselines.classic import Classic
    from transferkit.evidence.headline import Headline
    from transferkit.training.network import Network
    from transferkit.training.train import save_network

    headline = Headline.of(report.truth)
    networks: list[tuple[float, float, Network]] = []
    for classifier, result in zip(report.classifiers, report.results, strict=True):
        if isinstance(classifier, Network):
            value = headline.value(result.predicted == report.truth)
            networks.append((value, -classifier.fit_seconds, classifier))
        elif isinstance(classifier, Classic):
            named = classifier.name == result.name
            found = classifier if named else dataclasses.replace(classifier, name=result.name)
            found.save(run.folder)
        elif callable(save := getattr(classifier, "save", None)):
            save(run.folder)
        else:
            say(f"{result.name} is not saved: it has no `save(folder)`.")
    if networks:
        save_network(max(networks, key=lambda each: each[:2])[-1], run.folder)


def finish(report: Report, run: Run) -> None:
    """Save everything of `report` into `run`, print its table and say where the page is.

    Raises:
        RunError: a file cannot be written; the table is printed before that.
    """
    unwritten = None
    try:
        report.save(run)
    except RunError as error:
        unwritten = error
    show(report)
    if unwritten:
        raise unwritten
    say(f"Report: {run / 'report.html'}")


@contextmanager
def saying_what_is_left(run: Run) -> Iterator[None]:
    """Where the work within is stopped, or an error ends it, say what of it is in `run`."""
    try:
        yield
    except BaseException:
        if sentence := what_is_left(run):
            say(sentence)
        raise


def what_is_left(run: Run) -> str:
    """Describe what a run that was stopped has in its folder, and what can be done with it.

    Empty where it has no classifier yet, or its report too.
    """
    folder = str(run.folder)
    network = (run / "model.keras").is_file()
    count = len(list((run / "baselines").glob("*.skops")))
    baselines = f"{count} baseline{'s' if count > 1 else ''}" if count else ""
    if not (network or count) or (run / "report.html").is_file():
        return ""
    parts = " and ".join(each for each in ("the network" if network else "", baselines) if each)
    verb = "is" if count + network == 1 else "are"
    start = f"{parts[0].upper()}{parts[1:]} {verb} in {folder!r}"
    if (run / "results.json").is_file():
        next_step = f"`transferkit report {folder}` makes the report"
        return f"{start}, with answers to the test images: {next_step}."
    option, what = ("", "the network") if network else (" --classifier NAME", "one of them")
    return f"{start}, not scored yet: `transferkit predict {folder} FILES{option}` uses {what}."
