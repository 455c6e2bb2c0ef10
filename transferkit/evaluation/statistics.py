"""Statistics of several classifiers on the same test images: intervals, tests, calibration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from transferkit.evaluation.calibration import brier, expected_calibration_error
from transferkit.evaluation.headline import HeadlineMetric
from transferkit.evaluation.intervals import Interval, score_intervals
from transferkit.evaluation.results import Result
from transferkit.evaluation.significance import Difference, pairwise
from transferkit.evaluation.slices import Slice, slice_scores
from transferkit.runtime.faults import Attempt, strictly

MAX_SLICES = 30  # different values; a column with more is a list of names, not a division
MIN_IMAGES_PER_SLICE = 2  # test images of each value, on the whole: one image is no group


@dataclasses.dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of `results`, each computed on first access.

    A part that fails does not affect the others. Lists have one entry per result, in order.

    Attributes:
        labels: `(images,)` class numbers.
        test: one row per image; those of one `group` are resampled together.
        leaked: `(images,)` bool, the test images with a copy among the training images.
        columns: of `test`, that divide it into slices.
    """

    results: tuple[Result, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    test: pd.DataFrame
    leaked: np.ndarray
    columns: tuple[str, ...] = ()
    seed: int = 0

    @cached_property
    def headline(self) -> HeadlineMetric:
        """The metric of differences, verdict and recommendation."""
        return HeadlineMetric.of(self.labels)

    @property
    def accuracies(self) -> list[Interval]:
        """The intervals of the headline metric, one per result."""
        return [intervals[self.headline.key] for intervals in self.intervals]

    @cached_property
    def intervals(self) -> tuple[dict[str, Interval], ...]:
        """The 95 % intervals of the scores by name, one mapping per result."""
        return tuple(
            score_intervals(
                self.labels, result.probabilities, self.classes, self._groups, seed=self.seed
            )
            for result in self.results
        )

    @cached_property
    def calibration_errors(self) -> tuple[float, ...]:
        """Expected calibration errors, share 0..1."""
        return tuple(
            expected_calibration_error(self.labels, result.probabilities) for result in self.results
        )

    @cached_property
    def briers(self) -> tuple[float, ...]:
        """Brier scores over all classes, 0..2."""
        return tuple(brier(self.labels, result.probabilities) for result in self.results)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The differences of each pair."""
        answers = {result.name: result.probabilities for result in self.results}
        weights = self.headline.weights
        return pairwise(self.labels, answers, self._groups, weights=weights, seed=self.seed)

    @cached_property
    def without_leaks(self) -> tuple[float, ...]:
        """Accuracies on the images that are not leaked; empty if none is leaked, or all are."""
        fair = ~self.leaked
        if not (self.leaked.any() and fair.any()):
            return ()
        return tuple(
            float((result.predicted == self.labels)[fair].mean()) for result in self.results
        )

    @cached_property
    def slices(self) -> Mapping[str, Sequence[Sequence[Slice]]]:
        """By the name of a column, the slices of each result, the worst first."""
        test = self.test
        return {
            column: [
                slice_scores(self.labels, result.probabilities, list(test[column]), self._groups)
                for result in self.results
            ]
            for column in self.columns
            if 1 < test[column].nunique() <= min(MAX_SLICES, len(test) // MIN_IMAGES_PER_SLICE)
        }

    @property
    def _groups(self) -> list[str]:
        return list(self.test["group"])

    def of(self, number: int, attempt: Attempt[Any] = strictly) -> dict[str, Any]:
        """Evidence on one result, for scores.json; a part that fails is left to `attempt`."""

        def intervals() -> dict[str, list[float]]:
            return {
                name: [within.low, within.high] for name, within in self.intervals[number].items()
            }

        return {
            "intervals": attempt("the intervals of the scores", intervals, {}),
            "expected_calibration_error": attempt(
                "the calibration errors", lambda: self.calibration_errors[number], None
            ),
            "brier": attempt("the Brier scores", lambda: self.briers[number], None),
        }

    def to_json(self, attempt: Attempt[Any] = strictly) -> dict[str, Any]:
        """Evidence on all results, for scores.json; a part that fails is left to `attempt`."""
        names = [result.name for result in self.results]

        def differences() -> list[dict[str, Any]]:
            return [dataclasses.asdict(difference) for difference in self.differences]

        def without_leaks() -> dict[str, float]:
            return dict(zip(names, self.without_leaks, strict=False))

        def slices() -> dict[str, Any]:
            return {
                column: {
                    name: [dataclasses.asdict(row) for row in rows]
                    for name, rows in zip(names, by_result, strict=True)
                }
                for column, by_result in self.slices.items()
            }

        return {
            "differences": attempt("the differences", differences, []),
            "leaked_test_images": int(self.leaked.sum()),
            "accuracy_without_leaks": attempt("the accuracy without leaks", without_leaks, {}),
            "slices": attempt("the slices", slices, {}),
        }


def compute_statistics(
    results: Sequence[Result],
    labels: np.ndarray,
    classes: Sequence[str],
    *,
    test: pd.DataFrame,
    leaked: np.ndarray,
    columns: Sequence[str] = (),
    seed: int = 0,
) -> Statistics:
    """Return the statistics of `results` for `labels` `(images,)` class indices.

    Images of one group in `test` are drawn together. `columns` of it divide it into slices.
    """
    return Statistics(tuple(results), labels, tuple(classes), test, leaked, tuple(columns), seed)
