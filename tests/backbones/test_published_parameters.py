"""The networks from random weights have as many parameters as their papers say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "parameters.py"
NAMES = runpy.run_path(str(SCRIPT), run_name="loaded")
PUBLISHED = NAMES["PUBLISHED"]


@pytest.mark.slow
@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.title)
def test_a_network_has_the_published_number_of_parameters(row: Any) -> None:
    assert round(NAMES["count"](row) / row.unit) * row.unit == row.parameters


def test_lenet_differs_from_its_paper_by_what_is_stated() -> None:
    row = next(row for row in PUBLISHED if row.name == "lenet")
    assert NAMES["count"](row) - row.parameters == 900 + 850 - 44
