"""The output folder of `look`: page, findings, and optional files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.runtime import printing
from transferkit.storage.files import write_text, written_atomically
from transferkit.storage.output_folder import LOOK

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

    from transferkit.data.manifest import Manifest

PAGE, FINDINGS, MANIFEST = LOOK.marker, "findings.csv", "manifest.csv"
LABEL_ISSUES = "label_issues.csv"
FILES = (PAGE, FINDINGS, MANIFEST, LABEL_ISSUES, "contact-sheet-*.png", ".partial-*")
"""Patterns of the files that `look` writes into its folder."""


def write_look(
    folder: Path,
    page: str,
    findings: pd.DataFrame,
    *,
    fixed: Manifest | None = None,
    label_issues: pd.DataFrame | None = None,
    sheets: dict[str, Image.Image] | None = None,
) -> None:
    """Write the files of `look`, replacing those of an earlier one; others stay.

    `sheets` are contact sheets, by the name of their policy.

    Raises:
        RunError: the folder cannot be written to.
    """
    for pattern in FILES:
        for path in folder.glob(pattern):
            path.unlink()
    write_text(folder / FINDINGS, csv_text(findings))
    if fixed is not None:
        fixed.save(folder / MANIFEST)
    if label_issues is not None:
        write_text(
            folder / LABEL_ISSUES,
            csv_text(label_issues.assign(doubt=label_issues["doubt"].map("{:.6g}".format))),
        )
    for policy, sheet in (sheets or {}).items():
        with written_atomically(folder / f"contact-sheet-{policy}.png") as temporary:
            sheet.save(temporary)
    write_text(folder / PAGE, page)  # last: what has it is whole


def csv_text(frame: pd.DataFrame) -> str:
    """Return `frame` as CSV (RFC 4180), for `write_text`."""
    return printing.csv_text(frame.columns, frame.itertuples(index=False, name=None))
