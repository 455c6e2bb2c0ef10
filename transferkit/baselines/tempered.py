"""Probabilities for classifiers that only decide: as sure as they were right, not turned round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import joblib
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from transferkit.data.folds import Fold

RANGE = 1_000.0  # the temperature lies so many times below or above the spread of the decisions


class TemperedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier's decisions divided by one temperature, as probabilities by a softmax.

    The likeliest class is the one that is decided for. A sigmoid fitted to each class (Platt,
    1999) turns answers round where images are few: of two for each of ten hand signs, a linear SVM
    decided rightly for 50 % of others, and by its sigmoids was right on 14 %. With all images of
    four sets, one temperature (Guo et al., 2017, arXiv:1706.04599) gave SVMs the lower log loss for
    five and for ten classes, and the same to 0.005 for two; for 13 of patches, the higher one.

    Attributes:
        estimator_: the classifier, fitted on all images.
        temperature_: what its decisions are divided by.
        classes_: `(classes,)` as it has them.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(
        self, values: np.ndarray, truth: np.ndarray, folds: Sequence[Fold]
    ) -> TemperedClassifier:
        """Learn from `values` `(images, width)` and their classes, `truth` `(images,)`.

        The temperature is judged by the decisions on images that were not learnt from: those of
        `folds`, pairs of row numbers, in each of whose first parts every class is.
        """
        everything = np.arange(len(truth))
        # The largest first, so that no core is left alone with it at the end.
        parts = [(everything, everything[:0]), *folds]
        fitted = joblib.Parallel()(
            joblib.delayed(_fitted)(self.estimator, values, truth, part) for part in parts
        )
        (self.estimator_, _), *judged = fitted
        self.classes_ = self.estimator_.classes_
        right = np.concatenate([truth[judge] for _, judge in folds])
        decisions = np.concatenate([found for _, found in judged])
        self.temperature_ = _likeliest(decisions, np.searchsorted(self.classes_, right))
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """`(images,)` the class that is decided for."""
        return np.asarray(self.classes_[_decisions(self.estimator_, values).argmax(axis=1)])

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        """`(images, classes)` float64, each row adding up to 1."""
        decisions = _decisions(self.estimator_, values)
        return np.asarray(softmax(decisions / self.temperature_, axis=1))


def _fitted(
    estimator: Any, values: np.ndarray, truth: np.ndarray, part: Fold
) -> tuple[Any, np.ndarray]:
    """A copy of `estimator` that learnt from the first rows, and its decisions on the second."""
    learn, judge = part
    fitted = clone(estimator).fit(values[learn], truth[learn])
    if not len(judge):
        return fitted, np.empty((0, len(fitted.classes_)))
    return fitted, _decisions(fitted, values[judge])


def _decisions(estimator: Any, values: np.ndarray) -> np.ndarray:
    """`(images, classes)`, the highest being decided for, also where there are two classes."""
    found = np.asarray(estimator.decision_function(values), np.float64)
    return found if found.ndim == 2 else np.stack([np.zeros_like(found), found], axis=1)


def _likeliest(decisions: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which `truth` `(images,)` is likeliest, after `decisions`.

    As in Platt's paper, the truth is taken to be a little less than certain: as if of two images
    more one were of another class. Else a few images that are all right would mean no doubt at all.
    """
    spread = float(decisions.std(axis=1).mean())
    if not spread:
        return 1.0
    doubt = 1 / (len(truth) + 2)
    rows = np.arange(len(truth))

    def loss(logarithm: float) -> float:
        logs = log_softmax(decisions / (spread * np.exp(logarithm)), axis=1)
        right = logs[rows, truth]
        wrong = (logs.sum(axis=1) - right) / (logs.shape[1] - 1)
        return float(-((1 - doubt) * right + doubt * wrong).mean())

    bounds = np.log([1 / RANGE, RANGE])
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(spread * np.exp(found.x))
