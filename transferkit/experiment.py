"""The life of a run: its start, what it saves, and what is left of it where it is stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from transferkit.config.settings import Config
from transferkit.errors import RunError
from transferkit.runtime.progress import log, show
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest
    from transferkit.report.comparison.report import Report


def start(run: Run, manifest: Manifest, config: Config) -> dict[str, Any]:
    """Write what the run starts from, and give the environment; its devices are taken."""
    from transferkit.inference.devices import choose_device
    from transferkit.runtime.environment import environment
    from transferkit.training.train import start_run

    found = environment(choose_device(config.train).line, config.seed)
    start_run(run, manifest, config, found)
    return found


def save_classifiers(report: Report, run: Run) -> None:
    """Save the baselines of `report`, and the best of its networks as the run's model.

    The best is that of the headline measure; of equally good ones, the faster to train. A baseline
    has the name in the report. A classifier of another kind saves itself, or that it is not saved
    is said.
    """
    from transferkit.baselines.baseline import Baseline
    from transferkit.evaluation.headline import HeadlineMetric
    from transferkit.models.network import Network
    from transferkit.training.train import save_network

    headline = HeadlineMetric.of(report.labels)
    networks: list[tuple[float, float, Network]] = []
    for classifier, result in zip(report.classifiers, report.results, strict=True):
        if isinstance(classifier, Network):
            value = headline.value(result.predicted == report.labels)
            networks.append((value, -classifier.fit_seconds, classifier))
        elif isinstance(classifier, Baseline):
            named = classifier.name == result.name
            found = classifier if named else dataclasses.replace(classifier, name=result.name)
            found.save(run.folder)
        elif callable(save := getattr(classifier, "save", None)):
            save(run.folder)
        else:
            log(f"{result.name} is not saved: it has no `save(folder)`.")
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
    log(f"Report: {run / 'report.html'}")


@contextmanager
def reporting_what_is_left(run: Run) -> Iterator[None]:
    """Where the work within is stopped, or an error ends it, say what of it is in `run`."""
    try:
        yield
    except BaseException:
        if sentence := what_is_left(run):
            log(sentence)
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
