"""A report written into its run folder: answers and scores first, then what is drawn of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from transferkit.errors import RunError
from transferkit.report.comparison.markdown import markdown_report, model_card
from transferkit.report.comparison.page import page
from transferkit.report.comparison.results_file import ANSWERS, Answered
from transferkit.report.comparison.serialize import scores_json
from transferkit.runtime.faults import FILE
from transferkit.storage.run import Run, write_json, write_text

if TYPE_CHECKING:
    from transferkit.report.comparison.report import Report


def save_report(report: Report, run: Run) -> None:
    """Write everything of `report` into `run`, one file after another.

    Raises:
        RunError: a file cannot be written; the others are, where they can be.
    """
    files: dict[str, Callable[[], None]] = {
        ANSWERS: lambda: _save_answers(report, run),
        "scores.json": lambda: _save_scores(report, run),
        "report.html": lambda: write_text(run / "report.html", page(report)),
        "report.md": lambda: write_text(run / "report.md", markdown_report(report)),
        "model_card.md": lambda: write_text(run / "model_card.md", model_card(report)),
    }
    if (spread := report.spread) is not None:
        files["repeats.csv"] = lambda: spread.save(run, "repeats")
    report.faults.clear()
    unwritten: list[RunError] = []
    for name, write in files.items():
        try:
            write()
        except RunError as error:  # a full disk, or a file that another program holds open
            unwritten.append(error)
        except Exception as error:  # a fault here: what is written already must not be lost to it
            report.faults.add(name, error)
    try:
        _save_faults(report, run)
    except RunError as error:
        unwritten.append(error)
    if unwritten:
        raise unwritten[0]


def _save_answers(report: Report, run: Run) -> None:
    answered = Answered(
        report.manifest,
        report.test,
        report.results,
        asked=len(report.results),
        created=report.created or datetime.now(timezone.utc),
        spread=report.spread,
    )
    if report.answers_in != run.folder:
        answered.save(run)
    elif report.spread is not None:  # which was not there yet when the answers were saved
        answered.save_facts(run)


def _save_scores(report: Report, run: Run) -> None:
    """Write the plain scores, and then, which takes longer, those with their evidence."""
    write = (report.classes, report.test)
    plain: dict[str, Any] = {"differences": [], "slices": {}}
    write_json(run / "scores.json", scores_json(*write, report.plain_entries, plain))
    evidence = report.judgement.to_json(report.faults.attempt)
    write_json(run / "scores.json", scores_json(*write, report.entries, evidence))


def _save_faults(report: Report, run: Run) -> None:
    if report.faults.parts:
        write_text(run / FILE, report.faults.text())
        return
    try:
        (run / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{str(run / FILE)!r} cannot be removed: {error.strerror}.") from error
