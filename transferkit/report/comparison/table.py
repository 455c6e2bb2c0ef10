"""The table of a comparison: one row per classifier, from the entries that scores.json holds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transferkit.report.comparison.serialize import Entry
from transferkit.report.html.formatting import amount, duration, energy, percent, printable

PLAIN_WIDTH = 160  # characters at most: folding a long name of a baseline or a run hides it


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of the table: heading, key and format."""

    heading: str
    key: str
    write: Callable[..., str]
    tooltip: str
    """Meaning of the number, in a tooltip of one line."""

    def text(self, entry: Entry) -> str:
        """Return the text of the cell; a dash where the number is not known."""
        values = self._values(entry)
        return self.write(*values) if values and all(map(math.isfinite, values)) else "–"

    def order(self, entry: Entry) -> float:
        """Return the sort key of the cell."""
        return (self._values(entry) or [-math.inf])[0]

    def _values(self, entry: Entry) -> list[float]:
        """One number, or the two ends of an interval; empty if unknown."""
        value = entry.get(self.key)
        if value is None:
            return []
        return list(value) if isinstance(value, (list, tuple)) else [value]


def _between(low: float, high: float) -> str:
    """Return two shares as `88.0–92.3 %`."""
    return f"{low * 100:.1f}–{high * 100:.1f} %"


COLUMNS = (
    Column(
        "accuracy", "accuracy", percent, "share of the test images that it classifies correctly"
    ),
    Column("interval", "accuracy_interval", _between, "95 % interval of the accuracy"),
    Column(
        "balanced", "balanced_accuracy", percent, "balanced accuracy: mean recall over the classes"
    ),
    Column("macro F1", "macro_f1", "{:.3f}".format, "mean F1 over the classes"),
    Column(
        "log loss", "log_loss", "{:.3f}".format, "mean negative log-likelihood of the true class"
    ),
    Column("fit time", "fit_seconds", duration, "time to train, features included"),
    Column("ms/image", "predict_milliseconds", amount, "time to predict one image, in a batch"),
    Column("MB", "megabytes", amount, "size on disk"),
)
# What only the page has room for.
MORE_COLUMNS = (
    Column(
        "ECE",
        "expected_calibration_error",
        percent,
        "expected calibration error: how far its confidence is from its accuracy",
    ),
    Column("peak MB", "peak_megabytes", amount, "peak memory of the process during fitting"),
    Column("energy", "joules", energy, "of the processors during fitting, all programs included"),
)


def best_accuracy(entries: Sequence[Entry]) -> float:
    """Return the highest accuracy, share 0..1."""
    return max(entry["accuracy"] for entry in entries)


def rich_table(entries: Sequence[Entry], *, first: Sequence[str] = ("classifier",)) -> Table:
    """Return the table in the given order, the best accuracy in bold.

    `first` are the columns before the numbers: `classifier` is the entry's name, any other
    is looked up in the entry.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in first:
        table.add_column(heading, overflow="fold")
    for column in COLUMNS:
        table.add_column(column.heading, justify="right")
    best = best_accuracy(entries)
    for entry in entries:
        style = "bold" if entry["accuracy"] == best else ""
        cells = _names(entry, first) + [column.text(entry) for column in COLUMNS]
        # Text, since a plain string is read as markup and a name may hold brackets.
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table


def plain_text(table: Table) -> str:
    """Return the table as text without colour, for a file, a log or `print`."""
    console = Console(
        file=StringIO(),
        width=PLAIN_WIDTH,
        color_system=None,
        force_terminal=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines())


def html_table(
    entries: Sequence[Entry], sentences: Sequence[str], *, first: Sequence[str] = ("classifier",)
) -> str:
    """Return the table as an HTML fragment for a notebook, with the `sentences` below it."""
    best = best_accuracy(entries)
    heads = "".join(f"<th>{name}</th>" for name in (*first, *(one.heading for one in COLUMNS)))
    rows = ""
    for entry in entries:
        cells = "".join(f"<th>{escape(name)}</th>" for name in _names(entry, first))
        cells += "".join(f"<td>{column.text(entry)}</td>" for column in COLUMNS)
        style = ' style="font-weight: bold"' if entry["accuracy"] == best else ""
        rows += f"<tr{style}>{cells}</tr>"
    below = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{below}"


def _names(entry: Entry, first: Sequence[str]) -> list[str]:
    return [printable(entry["name" if key == "classifier" else key]) for key in first]
