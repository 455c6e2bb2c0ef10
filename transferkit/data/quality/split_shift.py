"""Shift between train and test: can a probe tell which of the two an image is in?

Adversarial validation, within classes: train and test weigh the same in each class, so that another
mix of classes in test is no shift. Each image is predicted by a probe that was fitted on none of
its group.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm
from scipy.stats import t as student
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
STRENGTH = 1e-2  # inverse of the regularisation: most of the many features do not differ
TREES = 60  # more change the balanced accuracy by less than its interval
MAX_IMAGES = 4000  # sampled from a larger set
MIN_IMAGES = 2  # of a class in train and in test; others are left out
MIN_UNITS = 10  # groups, or images without one, in train and in test
MIN_ACCURACY = 0.6  # balanced, for the lower end of the interval: chance is 0.5
LEVEL = 0.95  # of the interval
MAX_CORRELATION = 0.98  # of two statistics that are both named


@dataclass(frozen=True)
class SplitShift:
    """How well train and test can be told apart.

    Attributes:
        accuracy: balanced accuracy within classes, 0..1; 0.5 is chance.
        low: lower end of its interval of 95 %, from whole groups.
        high: upper end.
        scores: `(images,)` float64, the probe's probability of test, 0..1; NaN for images that
            were left out.
    """

    accuracy: float
    low: float
    high: float
    scores: np.ndarray

    @property
    def is_told(self) -> bool:
        """Whether the splits can be told apart, by more than hardly matters."""
        return self.low > MIN_ACCURACY


def statistics_probe(seed: int) -> Any:
    """Return a forest, for a few statistics: a range of sizes or of brightness is telling too."""
    return RandomForestClassifier(TREES, min_samples_leaf=3, n_jobs=1, random_state=seed)


def features_probe(seed: int) -> Any:
    """Return a linear probe, for the many features of a backbone."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, random_state=seed))


def split_shift(
    probe: Any,
    features: np.ndarray,
    in_test: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int = 0,
    max_images: int = MAX_IMAGES,
) -> SplitShift | None:
    """Return how well `probe` tells train from test; None where there are too few images.

    Args:
        probe: a scikit-learn classifier that takes weights.
        features: `(images, features)`.
        in_test: `(images,)` bool; false for train.
        labels: `(images,)` class indices.
        groups: `(images,)` int64, the same for images that belong together.
        seed: of the folds, and of the sampled images.
        max_images: sampled from a larger set.
    """
    rows = _comparable(in_test, labels, seed, max_images)
    test, label, group = in_test[rows], labels[rows], groups[rows]
    if min(len(np.unique(group[side])) for side in (test, ~test)) < MIN_UNITS:
        return None
    cells = label * 2 + test
    scores = _out_of_fold(probe, features[rows], cells, group, seed)
    correct = np.where(scores == 0.5, 0.5, (scores > 0.5) == test)
    every = np.full(len(in_test), np.nan)
    every[rows] = scores
    weights = _weights(cells)
    return SplitShift(*_interval(correct, weights / weights.sum(), cells, group), every)


def greatest_differences(
    statistics: pd.DataFrame, in_test: np.ndarray, labels: np.ndarray, *, count: int = 3
) -> list[tuple[str, float, float]]:
    """Return the columns of `statistics` that differ most within classes, with both means."""
    cells = labels * 2 + in_test
    sizes = np.bincount(cells, minlength=cells.max() + 2)
    both = (sizes[cells] > 0) & (sizes[cells ^ 1] > 0)
    values, cells, test = statistics[both], cells[both], in_test[both]
    weights = _weights(cells)
    means = [np.average(values[side], axis=0, weights=weights[side]) for side in (~test, test)]
    spread = np.maximum(values.std(ddof=0).to_numpy(), 1e-9)
    order = np.argsort(-np.abs(means[1] - means[0]) / spread, kind="stable")
    names: list[int] = []
    for number in order.tolist():
        column = values.iloc[:, number]
        # Of two that agree, such as modes of which each image has one, one is enough.
        if column.std() > 0 and all(
            abs(column.corr(values.iloc[:, n])) < MAX_CORRELATION for n in names
        ):
            names.append(number)
        if len(names) == count:
            break
    return [(str(values.columns[n]), float(means[0][n]), float(means[1][n])) for n in names]


def _comparable(in_test: np.ndarray, labels: np.ndarray, seed: int, max_images: int) -> np.ndarray:
    """Return the indices of images, sampled, of classes that are in train and in test."""
    rows = np.arange(len(labels))
    if len(rows) > max_images:
        rows = np.sort(np.random.default_rng(seed).choice(rows, max_images, replace=False))
    test, label = in_test[rows], labels[rows]
    counts = [np.bincount(label[side], minlength=labels.max() + 1) for side in (test, ~test)]
    return np.asarray(rows[(np.minimum(*counts) >= MIN_IMAGES)[label]])


def _weights(cells: np.ndarray) -> np.ndarray:
    """Return `(images,)` weights: train and test of a class weigh the same."""
    counts = np.bincount(cells, minlength=cells.max() + 2).astype(float)
    own, opposite = counts[cells], counts[cells ^ 1]
    weights = opposite / (own + opposite)  # over `own` images: the same for both
    return np.asarray(weights / weights.mean())


def _out_of_fold(
    probe: Any, features: np.ndarray, cells: np.ndarray, groups: np.ndarray, seed: int
) -> np.ndarray:
    """Return `(images,)` float64: the probability of test by a probe fitted without the group."""
    test, weights, scores = cells % 2 == 1, _weights(cells), np.full(len(cells), 0.5)
    for train, held_out in _folds(cells, groups, seed):
        if len(np.unique(test[train])) < 2:
            continue
        fitted = clone(probe)
        options = {"sample_weight": weights[train]}
        if hasattr(fitted, "steps"):
            options = {f"{fitted.steps[-1][0]}__{name}": value for name, value in options.items()}
        fitted.fit(features[train], test[train], **options)
        scores[held_out] = fitted.predict_proba(features[held_out])[:, 1]
    return scores


def _folds(
    cells: np.ndarray, groups: np.ndarray, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class of few images in test is not in every fold: the others judge it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        yield from folds.split(cells, cells, groups)


def _interval(
    correct: np.ndarray, shares: np.ndarray, cells: np.ndarray, groups: np.ndarray
) -> tuple[float, float, float]:
    """Return the weighted accuracy, and Wilson's interval for the effective number of images."""
    score = float(correct @ shares)
    counts = np.bincount(cells)
    means = np.bincount(cells, correct) / np.maximum(counts, 1)
    units = np.unique(groups, return_inverse=True)[1]
    number = units.max() + 1
    away = np.bincount(units, shares * (correct - means[cells]))
    variance = float(away @ away) * number / (number - 1)
    max_images = number / len(correct) / float(shares @ shares)
    images = min(score * (1 - score) / variance, max_images) if variance > 0 else max_images
    level = float(2 * norm.cdf(student.ppf((1 + LEVEL) / 2, number - 1)) - 1)
    trials = max(round(images), 1)
    interval = binomtest(min(round(score * trials), trials), trials).proportion_ci(level, "wilson")
    return score, float(interval.low), float(interval.high)
