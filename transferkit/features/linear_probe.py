"""The linear head of a frozen backbone, solved: softmax regression has one optimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from transferkit.data.folds import Fold, parallel_search, search_folds
from transferkit.features.scaling import EvenScaler

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # scikit-learn's C: the inverse of the regularisation
STEPS = 500  # of L-BFGS at most
ROWS = 4096  # of the features at once: 20 MB of MobileNetV2's
NEVER = -20.0  # logit of a class without training images, below all others


@dataclass(frozen=True)
class LinearProbe:
    """Logits are `features @ kernel + bias`: `(width, classes)` and `(classes,)`, float32."""

    kernel: np.ndarray
    bias: np.ndarray
    strength: float

    def judge(
        self, features: np.ndarray, truth: np.ndarray, weights: np.ndarray
    ) -> tuple[float, float]:
        """The log loss, with `weights` `(images,)`, and the share that is right, without."""
        logits = features @ self.kernel + self.bias
        losses = -np.take_along_axis(log_softmax(logits, axis=1), truth[:, None], axis=1)[:, 0]
        right = logits.argmax(axis=1) == truth
        return float(np.average(losses, weights=weights)), float(right.mean())


def solve_probe(
    features: np.ndarray,
    truth: np.ndarray,
    *,
    classes: int,
    weights: np.ndarray,
    groups: Sequence[str],
    seed: int,
    strengths: Sequence[float] = STRENGTHS,
) -> LinearProbe:
    """The optimum for `features` `(images, width)` and the class numbers `truth` `(images,)`.

    The regularisation is the one of `strengths` with the lowest log loss over three folds, on
    standardised features; images of one group stay in one fold. `weights` `(images,)` weigh the
    images, where they are learnt from and where they are judged by.
    """
    with parallel_search():
        strength = strengths[0]
        if len(strengths) > 1:
            rows, folds = search_folds(truth, groups, seed)
            work = delayed(_losses)
            parts = [(rows[learn], rows[judge]) for learn, judge in folds]
            losses = Parallel()(work(features, truth, weights, part, strengths) for part in parts)
            strength = strengths[int(np.mean(losses, axis=0).argmin())]
        scale, solved = _scale_of(features), LogisticRegression(C=strength, max_iter=STEPS)
        solved.fit(scale.transform(features), truth, sample_weight=weights)
    kernel, bias = _unscaled(scale, solved, classes)
    return LinearProbe(kernel, bias, float(strength))


def _scale_of(features: np.ndarray) -> EvenScaler:
    """The scale of all rows, from some at a time: of many, `fit` makes a copy in float64."""
    scale = EvenScaler()
    for first in range(0, len(features), ROWS):
        scale.partial_fit(features[first : first + ROWS])
    return scale


def _losses(
    features: np.ndarray,
    truth: np.ndarray,
    weights: np.ndarray,
    part: Fold,
    strengths: Sequence[float],
) -> list[float]:
    """The log loss of what is judged in `part` at each of `strengths`, which ascend.

    Each starts from the optimum of the one before, on features that are scaled once: half the
    time of `GridSearchCV` on a pipeline.
    """
    learn, judge = part
    scale, solving = EvenScaler(), LogisticRegression(max_iter=STEPS, warm_start=True)
    scaled, judged = scale.fit_transform(features[learn]), scale.transform(features[judge])
    found = []
    for strength in strengths:
        solving.set_params(C=strength).fit(scaled, truth[learn], sample_weight=weights[learn])
        said = solving.predict_proba(judged)
        # A fold need not have every class.
        loss = log_loss(truth[judge], said, labels=solving.classes_, sample_weight=weights[judge])
        found.append(float(loss))
    return found


def _unscaled(
    scale: EvenScaler, solved: LogisticRegression, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias for the features as they are, the scaling melted into them."""
    found, offset = solved.coef_, solved.intercept_
    if len(found) == 1:  # of two classes scikit-learn has the second one's logit alone
        found, offset = np.concatenate([-found, found]) / 2, np.concatenate([-offset, offset]) / 2
    kernel, bias = np.zeros((found.shape[1], classes)), np.full(classes, NEVER)
    kernel[:, solved.classes_] = (found / scale.scale_).T
    bias[solved.classes_] = offset - (found / scale.scale_) @ scale.mean_
    return kernel.astype(np.float32), bias.astype(np.float32)
