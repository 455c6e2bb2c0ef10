"""The spread of accuracy over trainings that differ in the seed alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from transferkit.errors import ConfigError
from transferkit.report.comparison.repeats import RepeatedRuns
from transferkit.report.comparison.report import Report
from transferkit.storage.run import Run


@pytest.fixture
def spread() -> RepeatedRuns:
    rows = [("none", 0.0, 0.8), ("none", 0.0, 0.9), ("photo", 0.5, 0.7)]
    return RepeatedRuns(
        ("policy", "dropout"), pd.DataFrame(rows, columns=["policy", "dropout", "accuracy"])
    )


def test_the_table_has_a_row_a_combination(spread: RepeatedRuns) -> None:
    table = spread.frame()
    assert list(table.columns) == ["policy", "dropout", "trainings", "mean", "spread", "min", "max"]
    assert list(table["trainings"]) == [2, 1]
    assert table["mean"].tolist() == pytest.approx([0.85, 0.7])


def test_the_spread_is_the_standard_deviation_and_one_training_has_none(
    spread: RepeatedRuns,
) -> None:
    first, second = spread.frame()["spread"]
    assert first == pytest.approx(0.0707, abs=1e-4)
    assert pd.isna(second)


def test_as_text_a_training_alone_has_a_dash_for_its_spread(spread: RepeatedRuns) -> None:
    assert str(spread).splitlines()[-1].split() == ["photo", "0.5", "1", "0.700", "-", "0.700", "0.700"]  # fmt: skip # noqa: E501


def test_it_is_saved_as_a_table_and_a_picture(spread: RepeatedRuns, tmp_path: Path) -> None:
    spread.save(Run(tmp_path), "ablation")
    assert len(pd.read_csv(tmp_path / "ablation.csv")) == 2
    with Image.open(tmp_path / "ablation.png") as picture:
        assert picture.size[0] == 1050


def test_details_that_no_classifier_has_are_a_sentence(report: Report) -> None:
    with pytest.raises(ConfigError) as caught:
        RepeatedRuns.of(report, "policy", "nothere")
    assert str(caught.value) == (
        "No classifier of the report has all of 'policy', 'nothere' in its summary: "
        "name what the recipe put there."
    )
