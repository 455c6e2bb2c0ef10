"""Shift between train and test: can a probe tell which of the two an image is in?

Adversarial validation, within classes: train and test weigh the same in each class, so that another
mix of classes in the test is no shift. Each image is judged by a probe that has learnt from none of
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
STRENGTH = 1e-2  # inverse of the regularisation: far more features than they differ in
TREES = 60  # more move the balanced accuracy by less than its interval is wide
MAX_IMAGES = 4000  # that are judged, drawn at random from a larger set
MIN_IMAGES = 2  # of a class in train and in test, for it to be judged
MIN_UNITS = 10  # groups, or images without one, in train and in test
TELLS = 0.6  # balanced accuracy that the interval has to lie above: chance is 0.5
LEVEL = 0.95  # of the interval
SAME = 0.98  # correlation of two statistics that say the same


@dataclass(frozen=True)
class SplitShift:
    """How well train and test can be told apart.

    Attributes:
        accuracy: balanced accuracy within classes, 0..1; 0.5 is chance.
        low: lower end of its interval of 95 %, from whole groups.
        high: upper end.
        scores: `(images,)` float64, how sure the probe is that the image is in test, 0..1; NaN for
            what was not judged.
    """

    accuracy: float
    low: float
    high: float
    scores: np.ndarray

    @property
    def is_told(self) -> bool:
        """Whether the splits can be told apart, beyond chance and what hardly matters."""
        return self.low > TELLS


def statistics_probe(seed: int) -> Any:
    """A forest, for a few statistics: a size or a brightness between two others tells, too."""
    return RandomForestClassifier(TREES, min_samples_leaf=3, n_jobs=1, random_state=seed)


def features_probe(seed: int) -> Any:
    """A linear probe, for the many features of a backbone."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, random_state=seed))


def split_shift(
    probe: Any,
    features: np.ndarray,
    in_test: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int = 0,
) -> SplitShift | None:
    """How well `probe` tells train from test; none where there are too few images to say.

    Args:
        probe: a scikit-learn classifier that takes weights.
        features: `(images, features)`.
        in_test: `(images,)` bool; false for train.
        labels: `(images,)` class numbers.
        groups: `(images,)` int64, the same for images that belong together.
        seed: of the folds, and of the images that are drawn.
    """
    places = _comparable(in_test, labels, seed)
    test, label, group = in_test[places], labels[places], groups[places]
    if min(len(np.unique(group[image_size])) for image_size in (test, ~test)) < MIN_UNITS:
        return None
    cells = label * 2 + test
    scores = _out_of_fold(probe, features[places], cells, group, seed)
    right = np.where(scores == 0.5, 0.5, (scores > 0.5) == test)
    every = np.full(len(in_test), np.nan)
    every[places] = scores
    weights = _weights(cells)
    return SplitShift(*_interval(right, weights / weights.sum(), cells, group), every)


def greatest_differences(
    statistics: pd.DataFrame, in_test: np.ndarray, labels: np.ndarray, *, count: int = 3
) -> list[tuple[str, float, float]]:
    """The columns of `statistics` that differ most within classes, with both means."""
    cells = labels * 2 + in_test
    sizes = np.bincount(cells, minlength=cells.max() + 2)
    both = (sizes[cells] > 0) & (sizes[cells ^ 1] > 0)
    values, cells, test = statistics[both], cells[both], in_test[both]
    weights = _weights(cells)
    means = [
        np.average(values[image_size], axis=0, weights=weights[image_size])
        for image_size in (~test, test)
    ]
    spread = np.maximum(values.std(ddof=0).to_numpy(), 1e-9)
    order = np.argsort(-np.abs(means[1] - means[0]) / spread, kind="stable")
    names: list[int] = []
    for number in order.tolist():
        column = values.iloc[:, number]
        # Of two that say the same, such as modes of which each image has one, one is enough.
        if column.std() > 0 and all(abs(column.corr(values.iloc[:, n])) < SAME for n in names):
            names.append(number)
        if len(names) == count:
            break
    return [(str(values.columns[n]), float(means[0][n]), float(means[1][n])) for n in names]


def _comparable(in_test: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """The places of images, of classes that are in train and test: as many as are judged."""
    places = np.arange(len(labels))
    if len(places) > MAX_IMAGES:
        places = np.sort(np.random.default_rng(seed).choice(places, MAX_IMAGES, replace=False))
    test, label = in_test[places], labels[places]
    counts = [
        np.bincount(label[image_size], minlength=labels.max() + 1) for image_size in (test, ~test)
    ]
    return np.asarray(places[(np.minimum(*counts) >= MIN_IMAGES)[label]])


def _weights(cells: np.ndarray) -> np.ndarray:
    """`(images,)`: train and test of a class weigh the same, a class as much as it can tell."""
    counts = np.bincount(cells, minlength=cells.max() + 2).astype(float)
    own, other = counts[cells], counts[cells ^ 1]
    weights = other / (own + other)  # over `own` images: the same for both
    return np.asarray(weights / weights.mean())


def _out_of_fold(
    probe: Any, features: np.ndarray, cells: np.ndarray, groups: np.ndarray, seed: int
) -> np.ndarray:
    """`(images,)` float64: how sure the probe is, without their groups, that they are in test."""
    test, weights, scores = cells % 2 == 1, _weights(cells), np.full(len(cells), 0.5)
    for learn, judge in _folds(cells, groups, seed):
        if len(np.unique(test[learn])) < 2:
            continue
        fitted = clone(probe)
        options = {"sample_weight": weights[learn]}
        if hasattr(fitted, "steps"):
            options = {f"{fitted.steps[-1][0]}__{name}": value for name, value in options.items()}
        fitted.fit(features[learn], test[learn], **options)
        scores[judge] = fitted.predict_proba(features[judge])[:, 1]
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
    right: np.ndarray, shares: np.ndarray, cells: np.ndarray, groups: np.ndarray
) -> tuple[float, float, float]:
    """The weighted share of `right`, and Wilson's interval of as many images as vary as much."""
    score = float(right @ shares)
    counts = np.bincount(cells)
    means = np.bincount(cells, right) / np.maximum(counts, 1)
    units = np.unique(groups, return_inverse=True)[1]
    number = units.max() + 1
    away = np.bincount(units, shares * (right - means[cells]))
    variance = float(away @ away) * number / (number - 1)
    most = number / len(right) / float(shares @ shares)
    images = min(score * (1 - score) / variance, most) if variance > 0 else most
    level = float(2 * norm.cdf(student.ppf((1 + LEVEL) / 2, number - 1)) - 1)
    trials = max(round(images), 1)
    found = binomtest(min(round(score * trials), trials), trials).proportion_ci(level, "wilson")
    return score, float(found.low), float(found.high)
