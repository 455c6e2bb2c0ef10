from __future__ import annotations

from transferkit.baselines.catalog import BASELINES
from transferkit.report.comparison.table import plain_text, rich_table

ENTRY = {
    "accuracy": 1.0,
    "accuracy_interval": (0.993, 1.0),
    "balanced_accuracy": 1.0,
    "macro_f1": 1.0,
    "log_loss": 10.123,
    "fit_seconds": 659 * 60,
    "predict_milliseconds": 1234.0,
    "megabytes": 1234.0,
}


def test_the_longest_name_of_a_baseline_is_in_one_line_beside_that_of_a_run() -> None:
    name, run = max((each.name for each in BASELINES), key=len), "runs/flowers-mobilenet_v2-12"
    text = plain_text(
        rich_table([{**ENTRY, "name": name, "run": run}], first=("run", "classifier"))
    )
    assert [line for line in text.splitlines() if name in line and run in line]
