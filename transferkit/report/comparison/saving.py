"""Saving a report in its run folder: predictions and scores first, then the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from transferkit.errors import RunError
from transferkit.report.comparison.comparison import Comparison
from transferkit.report.comparison.markdown import markdown_report, model_card
from transferkit.report.comparison.page import page
from transferkit.report.comparison.results_file import ANSWERS, Answered
from transferkit.report.comparison.serialize import scores_json
from transferkit.report.comparison.visuals import VISUALS, save_visuals
from transferkit.runtime.faults import FILE
from transferkit.storage.files import write_json, write_text
from transferkit.storage.run import Run


def save_report(comparison: Comparison, run: Run) -> None:
    """Write everything of `comparison` into `run`, one file after another.

    Raises:
        RunError: a file cannot be written; the others are, where they can be.
    """
    files: dict[str, Callable[[], None]] = {
        ANSWERS: lambda: _save_answers(comparison, run),
        "scores.json": lambda: _save_scores(comparison, run),
        "report.html": lambda: write_text(run / "report.html", page(comparison)),
        "report.md": lambda: write_text(run / "report.md", markdown_report(comparison)),
        "model_card.md": lambda: write_text(run / "model_card.md", model_card(comparison)),
    }
    files[VISUALS] = lambda: save_visuals(comparison, run)  # last: the others make them
    if (repeats := comparison.repeats) is not None:
        files["repeats.csv"] = lambda: repeats.save(run, "repeats")
    comparison.faults.clear()
    unwritten: list[RunError] = []
    for name, write in files.items():
        try:
            write()
        except RunError as error:  # a full disk, or a file that another program holds open
            unwritten.append(error)
        except Exception as error:  # a fault here: what is written already must not be lost to it
            comparison.faults.add(name, error)
    try:
        _save_faults(comparison, run)
    except RunError as error:
        unwritten.append(error)
    if unwritten:
        raise unwritten[0]


def _save_answers(comparison: Comparison, run: Run) -> None:
    answered = Answered(
        comparison.manifest,
        comparison.test,
        comparison.results,
        asked=len(comparison.results),
        created=comparison.created or datetime.now(timezone.utc),
        repeats=comparison.repeats,
    )
    if comparison.predictions_in != run.folder:
        answered.save(run)
    elif comparison.repeats is not None:  # which was missing when the predictions were saved
        answered.save_facts(run)


def _save_scores(comparison: Comparison, run: Run) -> None:
    """Write the scores without statistics, and then with them, which takes longer."""
    write = (comparison.classes, comparison.test)
    plain: dict[str, Any] = {"differences": [], "slices": {}}
    write_json(
        run / "scores.json", scores_json(*write, comparison.entries_without_statistics, plain)
    )
    evidence = comparison.statistics.to_json(comparison.faults.attempt)
    write_json(run / "scores.json", scores_json(*write, comparison.entries, evidence))


def _save_faults(comparison: Comparison, run: Run) -> None:
    if comparison.faults.parts:
        write_text(run / FILE, comparison.faults.text())
        return
    try:
        (run / FILE).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{str(run / FILE)!r} cannot be removed: {error.strerror}.") from error
