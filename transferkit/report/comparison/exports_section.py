"""Values of the section on exports of a run's network: agreement, size and speed by format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from transferkit.report.comparison.comparison import Comparison
from transferkit.report.html.formatting import percent


class ExportRow(NamedTuple):
    """One row of the table of exports."""

    format: str
    size: str
    milliseconds: str
    difference: str
    same: str
    accuracy: str


def exports(comparison: Comparison) -> dict[str, Any] | None:
    """Return one row per export, and what they were compared on; None without any."""
    if not comparison.exports:
        return None
    rows = [_row(entry) for entry in comparison.exports]
    parity = comparison.exports[0]["parity"]
    accuracy = parity["pixels"]["network_accuracy"]
    return {
        "exports": rows,
        "compared": parity["pixels"]["images"],
        "network_milliseconds": f"{parity['network_milliseconds']:.1f}",
        "network_accuracy": "" if accuracy is None else percent(accuracy),
    }


def _row(entry: Mapping[str, Any]) -> ExportRow:
    parity = entry["parity"]
    pixels = parity["pixels"]
    return ExportRow(
        str(entry["format"]),
        f"{entry['megabytes']:.1f}",
        f"{parity['milliseconds']:.1f}",
        f"{pixels['max_difference']:.1g}",
        percent(pixels["same_top1"]),
        "" if pixels["accuracy"] is None else percent(pixels["accuracy"]),
    )
