"""`transferkit report`: make the report of a run again, or compare several runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.errors import RunError
from transferkit.runtime.progress import log, show
from transferkit.storage.run import Run


@dataclasses.dataclass(frozen=True)
class ReportOptions:
    """Compare the classifiers of several runs; of a single run, make its report again."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
    """Run folders."""


def report(arguments: Sequence[str]) -> None:
    """`transferkit report RUN...`."""
    options = parse_arguments(ReportOptions, arguments, program="transferkit report")
    from transferkit.report.comparison.across_runs import runs_side_by_side

    runs = [Run.open(folder) for folder in options.runs]
    if len(runs) == 1:
        _report_again(runs[0])
        return
    show(runs_side_by_side(runs))


def _report_again(run: Run) -> None:
    """Make the report of `run` from its folder, and print its table.

    Raises:
        RunError: there are no scores, or a file or a part of the report cannot be made.
    """
    from transferkit.report.comparison.across_runs import runs_side_by_side

    if not any((run / name).is_file() for name in ("results.json", "scores.json")):
        folder = str(run.folder)
        use = f"; `transferkit predict {folder} FILES` uses its network"
        raise RunError(
            f"The run {folder!r} has no predictions of a classifier to report on: it did not "
            f"finish{use if (run / 'model.keras').is_file() else ''}."
        )
    if not (run / "results.json").is_file():
        show(runs_side_by_side([run]))
        log(
            "Note: the pages of the run stay as they are: it has no results.json to make them "
            "from, since it was stopped or is of an earlier version."
        )
        return
    from transferkit.report.comparison.loading import load_report

    report = load_report(run)
    unwritten = None
    try:
        report.save(run)
    except RunError as error:
        unwritten = error
    show(runs_side_by_side([run]))
    if unwritten:
        raise unwritten
    log(f"Report: {run / 'report.html'}")
    report.faults.require_none(run.folder)
