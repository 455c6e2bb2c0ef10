"""Results of several classifiers on the same test images, as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.errors import unknown_name
from transferkit.evaluation.metrics import Scores, score
from transferkit.evaluation.ranking import main_result, rank_results
from transferkit.evaluation.results import Classifier, Result
from transferkit.evaluation.significance import difference_between
from transferkit.evaluation.statistics import Statistics, compute_statistics
from transferkit.report.comparison.repeats import RepeatedRuns
from transferkit.report.comparison.serialize import entry, order_entries
from transferkit.report.figures.plots import plot_accuracy_by_cost
from transferkit.runtime.faults import Faults

NO_STATISTICS: dict[str, Any] = {
    "intervals": {},
    "expected_calibration_error": None,
    "brier": None,
}
FRAME_COLUMNS = (
    *("name", "kind", "accuracy", "balanced_accuracy", "macro_f1", "log_loss"),
    *("expected_calibration_error", "brier", "fit_seconds", "predict_milliseconds", "megabytes"),
    *("peak_megabytes", "joules"),
)


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """Predictions of several classifiers for the same test images, their scores and costs.

    Numbers and figures are added here; what is printed, shown or saved is added to `Report`.

    Attributes:
        classes: class names; column `k` of every `probabilities` is class `k`.
        test: rows of the manifest that were scored.
        labels: `(images,)` int64, the class index of each test image.
        results: one per classifier.
        manifest: all images, those of the training included.
        config: every setting.
        environment: versions, devices and machine, by name.
        classifiers: the classifiers themselves, in the order of the results; None for one that is
            no longer available.
        repeats: accuracies of repeats with other seeds, where there were any.
        created: end of the prediction, in UTC.
        absent: why a classifier is not available, by its name.
        settings_text: YAML of the settings, where it has more than `config`.
        faults: parts of the statistics or of the report that failed.
        predictions_in: run folder that has the predictions already.
        visuals: pictures of the classifiers that were made already, by section.
        exports: figures of the exports of the network, as in exports.json.
    """

    classes: tuple[str, ...]
    test: pd.DataFrame
    labels: np.ndarray
    results: tuple[Result, ...]
    manifest: Manifest
    config: Config
    environment: Mapping[str, Any]
    classifiers: tuple[Classifier | None, ...] = ()
    repeats: RepeatedRuns | None = None
    created: datetime | None = None
    absent: Mapping[str, str] = dataclasses.field(default_factory=dict)
    settings_text: str = ""
    faults: Faults = dataclasses.field(default_factory=Faults)
    predictions_in: Path | None = None
    visuals: dict[str, Any] = dataclasses.field(default_factory=dict)
    exports: tuple[Mapping[str, Any], ...] = ()

    @property
    def entries(self) -> list[dict[str, Any]]:
        """One dictionary per classifier, as in scores.json, the most accurate first."""
        attempt, statistics = self.faults.attempt, self.statistics
        pairs = enumerate(zip(self.results, self.scores, strict=True))
        return order_entries([entry(*pair, statistics.of(index, attempt)) for index, pair in pairs])

    @property
    def entries_without_statistics(self) -> list[dict[str, Any]]:
        """The entries without statistics, which take longer."""
        pairs = zip(self.results, self.scores, strict=True)
        return order_entries([entry(*pair, NO_STATISTICS) for pair in pairs])

    @cached_property
    def scores(self) -> tuple[Scores, ...]:
        """Scores of each result, in the same order."""
        return tuple(score(self.labels, row.probabilities, self.classes) for row in self.results)

    @cached_property
    def statistics(self) -> Statistics:
        """Confidence intervals, significance tests, calibration, leakage and slices."""
        leaked = self.test["path"].isin(self.manifest.leaked["path"]).to_numpy()
        return compute_statistics(
            self.results,
            self.labels,
            self.classes,
            test=self.test,
            leaked=leaked,
            columns=self.manifest.slice_columns,
        )

    @property
    def ranked(self) -> list[Result]:
        """The results, the best first; constant ones are left out where there are others."""
        return rank_results(self.results, self.labels)

    @property
    def main_result(self) -> Result:
        """The best network's result, or the best of all where there is no network."""
        return main_result(self.ranked)

    def classifier_of(self, result: Result) -> Classifier | None:
        """Return the classifier that gave `result`; None where it is no longer available."""
        index = [other.name for other in self.results].index(result.name)
        return self.classifiers[index] if index < len(self.classifiers) else None

    def frame(self) -> pd.DataFrame:
        """Return scores and costs, one row per classifier, the most accurate first.

        `accuracy_low` and `accuracy_high` bound the 95 % interval of the accuracy.
        """
        entries = self.entries
        frame = pd.DataFrame([[row[name] for name in FRAME_COLUMNS] for row in entries])
        frame.columns = pd.Index(FRAME_COLUMNS)
        bounds = [row["accuracy_interval"] or (np.nan, np.nan) for row in entries]
        frame.insert(3, "accuracy_low", [low for low, _ in bounds])
        frame.insert(4, "accuracy_high", [high for _, high in bounds])
        return frame

    def differences_from(self, name: str) -> pd.DataFrame:
        """Return by how much the classifier `name` is ahead of each other, in their order.

        `points` are percentage points of the headline metric, `low` and `high` the bounds of their
        95 % interval; `seconds` is the training time of the other.

        Raises:
            ConfigError: no classifier is called so.
        """
        names = [result.name for result in self.results]
        if name not in names:
            raise unknown_name("classifier of the report", name, names)
        first, rows = self.results[names.index(name)], []
        for other in self.results:
            if other is not first:
                gap = difference_between(self.statistics.differences, first, other)
                shares = np.array([gap.difference, gap.interval.low, gap.interval.high])
                rows.append((other.name, *(100 * shares), other.fit_seconds))
        return pd.DataFrame(rows, columns=["other", "points", "low", "high", "seconds"])

    def plot(self) -> Figure:
        """Return a figure of accuracy by training time, with 95 % intervals."""
        return plot_accuracy_by_cost(self.frame())
