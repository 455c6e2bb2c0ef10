"""Names that a terminal or a spreadsheet would obey."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferkit.data.manifest import Manifest
from transferkit.evaluation.results import Result
from transferkit.report.comparison.serialize import predictions_csv
from transferkit.report.inspection.folder import csv_text
from transferkit.runtime import printing
from transferkit.runtime.printing import guarded, shown, unguarded
from transferkit.runtime.progress import log, show

ODD = ("=HYPERLINK(1)", "+1+1", "-2-3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=x", "\uff1d1")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("Blume é 花", "Blume é 花"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines\tand\rmore", r"two\nlines\tand\rmore"),
        ("\x9b31m", r"\x9b31m"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        ("no\udcffutf", "no\udcffutf"),
        ("a\u2028b", r"a\u2028b"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_its_escape(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_lines_stay_lines_where_there_are_several() -> None:
    assert shown("a\nb\x1b", lines=True) == "a\nb\\x1b"


def test_what_is_said_is_one_line_without_commands(capsys: pytest.CaptureFixture[str]) -> None:
    log("class \x1b]0;x\x07\nforged")
    assert capsys.readouterr().err == "class \\x1b]0;x\\x07\\nforged\n"


def test_results_are_lines_without_commands(capsys: pytest.CaptureFixture[str]) -> None:
    show("one\ntwo \x1b[2J")
    assert capsys.readouterr().out == "one\ntwo \\x1b[2J\n"


@pytest.mark.parametrize("text", ODD)
def test_formulas_are_text_to_a_spreadsheet_and_come_back(text: str) -> None:
    assert str(guarded(text)).startswith("'")
    assert unguarded(str(guarded(text))) == text


@pytest.mark.parametrize("cell", ["-3", "+4.5", "-1e-5", "a=b", "'quoted'", "", 7, -0.5, None])
def test_numbers_and_other_text_stay_what_they_are(cell: object) -> None:
    assert guarded(cell) == cell


@given(st.text(alphabet="'=+-@\t\r\n1a\uff1d ", max_size=6))
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(str(guarded(text))) == text


def _manifest(folder: Path) -> Manifest:
    rows = [(str(folder / f"{text}.png"), text, "train", f"g{text}", text) for text in ODD]
    frame = pd.DataFrame(rows, columns=["path", "label", "split", "group", "problem"])
    return Manifest(frame.assign(**{"=column": list(ODD)}))


def test_a_manifest_holds_no_formula_and_is_read_back_exactly(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path)
    manifest.save(tmp_path / "manifest.csv")
    with (tmp_path / "manifest.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    again = Manifest.load(tmp_path / "manifest.csv")
    pd.testing.assert_frame_equal(again.frame, manifest.frame)


def test_predictions_hold_no_formula() -> None:
    test = pd.DataFrame({"path": ["=a.png"], "label": ["=b"]})
    result = Result("=name", "network", np.ones((1, 1)), 1.0, 1.0, 1.0)
    text = predictions_csv(["=b"], test, [result])
    assert text == (
        "path,label,'=name:predicted,'=name:probability,'=name:p(=b)\n'=a.png,'=b,'=b,1.0,1.0\n"
    )


def test_findings_hold_no_formula() -> None:
    assert csv_text(pd.DataFrame({"path": ["=a"], "share": [-0.5]})) == "path,share\r\n'=a,-0.5\r\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_no_name_forges_a_row(line_end: str) -> None:
    names = ["a\rb", "c\nd", "e\r\n", 'f"', "plain"]
    text = printing.csv_text(["path"], [[name] for name in names], line_end=line_end)
    assert text.endswith(f"plain{line_end}")
    assert [row[0] for row in csv.reader(StringIO(text, newline=""))] == ["path", *names]
