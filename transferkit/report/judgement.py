"""What the answers of several classifiers to the same test images are worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from transferkit.evidence.calibration import brier, expected_calibration_error
from transferkit.evidence.comparison import Difference, pairwise
from transferkit.evidence.headline import Headline
from transferkit.evidence.intervals import Interval, score_intervals
from transferkit.evidence.results import Result
from transferkit.evidence.slices import Slice, slice_scores

MOST_SLICES = 30  # different values; a column with more is a list of names, not a division
FEWEST = 2  # test images of each value, on the whole: one image is no group


@dataclasses.dataclass(frozen=True, eq=False)
class Judgement:
    """The evidence on `results`; what is a list has one of each result, in their order.

    Attributes:
        headline: the measure that differences, verdict and choice are about.
        intervals: of each score by its name, at 95 %.
        calibration_errors: expected calibration errors, share 0..1.
        briers: Brier scores over all classes, 0..2.
        differences: between each two.
        leaked: `(images,)` bool, the test images that have a copy among those learnt from.
        without_leaks: accuracies on the others; empty if none is leaked, or all are.
        slices: by the name of a column, the slices of each result, the worst first.
    """

    results: tuple[Result, ...]
    headline: Headline
    intervals: tuple[dict[str, Interval], ...]
    calibration_errors: tuple[float, ...]
    briers: tuple[float, ...]
    differences: tuple[Difference, ...]
    leaked: np.ndarray
    without_leaks: tuple[float, ...]
    slices: Mapping[str, Sequence[Sequence[Slice]]]

    @property
    def accuracies(self) -> list[Interval]:
        """The intervals of the results' headline measure."""
        return [each[self.headline.key] for each in self.intervals]

    def of(self, number: int) -> dict[str, Any]:
        """What is said of one result in scores.json."""
        intervals = self.intervals[number]
        return {
            "intervals": {name: [each.low, each.high] for name, each in intervals.items()},
            "expected_calibration_error": self.calibration_errors[number],
            "brier": self.briers[number],
        }

    def to_json(self) -> dict[str, Any]:
        """What is said of all of them in scores.json."""
        names = [each.name for each in self.results]
        return {
            "differences": [dataclasses.asdict(each) for each in self.differences],
            "leaked_test_images": int(self.leaked.sum()),
            "accuracy_without_leaks": dict(zip(names, self.without_leaks, strict=False)),
            "slices": {
                column: {
                    name: [dataclasses.asdict(each) for each in slices]
                    for name, slices in zip(names, found, strict=True)
                }
                for column, found in self.slices.items()
            },
        }


def judge(
    results: Sequence[Result],
    truth: np.ndarray,
    classes: Sequence[str],
    *,
    test: pd.DataFrame,
    leaked: np.ndarray,
    columns: Sequence[str] = (),
    seed: int = 0,
) -> Judgement:
    """The evidence on the answers `results` to `truth`, `(images,)` class numbers.

    Images of one group in `test` are drawn together. `columns` of it divide it into slices.
    """
    groups, answers = list(test["group"]), [each.probabilities for each in results]
    fair, headline = ~leaked, Headline.of(truth)
    some_leak = bool(leaked.any() and fair.any())
    return Judgement(
        results=tuple(results),
        headline=headline,
        intervals=tuple(
            score_intervals(truth, each, classes, groups, seed=seed) for each in answers
        ),
        calibration_errors=tuple(expected_calibration_error(truth, each) for each in answers),
        briers=tuple(brier(truth, each) for each in answers),
        differences=pairwise(
            truth,
            {each.name: each.probabilities for each in results},
            groups,
            weights=headline.weights,
            seed=seed,
        ),
        leaked=leaked,
        without_leaks=tuple(
            float((each.predicted == truth)[fair].mean()) for each in results if some_leak
        ),
        slices={
            column: [slice_scores(truth, each, list(test[column])) for each in answers]
            for column in columns
            if 1 < test[column].nunique() <= min(MOST_SLICES, len(test) // FEWEST)
        },
    )
