"""A table of several runs, from their scores.json."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from transferkit.errors import RunError, brief
from transferkit.report.comparison.serialize import order_entries
from transferkit.report.comparison.table import html_table, plain_text, rich_table
from transferkit.report.html.formatting import listed
from transferkit.storage.run import Run

FIRST = ("run", "classifier")


@dataclasses.dataclass(frozen=True)
class SideBySide:
    """The classifiers of several runs in one table.

    Attributes:
        entries: as in scores.json, with the folder of the `run`; the most accurate first.
        notes: sentences on what keeps the runs from being compared.
    """

    entries: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]

    def table(self) -> Table:
        """Return the rich table, with the run in its first column."""
        return rich_table(self.entries, first=FIRST)

    def __str__(self) -> str:
        return "\n\n".join([plain_text(self.table()), *self.notes])

    def _repr_html_(self) -> str:
        return html_table(self.entries, self.notes, first=FIRST)


def runs_side_by_side(runs: Sequence[Run | str | Path]) -> SideBySide:
    """Return every classifier of every run, with a note if the test images differ.

    `runs` are runs or their folders.

    Raises:
        RunError: there is no run, or one has no scores.json that can be read.
    """
    if not runs:
        raise RunError("There is no run to report on: give the folder of at least one.")
    entries: list[dict[str, Any]] = []
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    for item in [runs] if isinstance(runs, (str, Path, Run)) else runs:
        run = item if isinstance(item, Run) else Run.open(item)
        name, scores = str(run.folder), run.json("scores.json")
        try:
            rows = [{**row, "run": name} for row in scores["classifiers"]]
            for row in rows:
                row["accuracy"] + row["fit_seconds"]  # numbers, as sorting takes them to be
            rich_table(order_entries(rows), first=FIRST)  # all that is shown can be
            groups[(scores["manifest"], scores["test_images"])].append(name)
        except KeyError as error:
            raise _not_written(run, f"it lacks {error}") from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise _not_written(run, brief(error)) from error
        entries += rows
    return SideBySide(tuple(order_entries(entries)), _notes(groups))


def _not_written(run: Run, reason: str) -> RunError:
    return RunError(
        f"{str(run / 'scores.json')!r} is not what a run writes: {reason}; "
        "`transferkit train DIR --out RUN` writes one."
    )


def _notes(groups: dict[tuple[str, int], list[str]]) -> tuple[str, ...]:
    if len(groups) == 1:
        return ()
    sets = "; ".join(f"{listed(names)} on {images}" for (_, images), names in groups.items())
    return (
        "These runs were not scored on the same test images, so their numbers do not compare: "
        f"{sets}.",
    )
