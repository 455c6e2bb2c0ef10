"""Metrics of a classifier, from arrays alone: labels and probabilities."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from transferkit.errors import DataError

FLOOR = 1e-7  # lowest probability in the log loss: a certain mistake costs 16.1 nats, not ∞
TOLERANCE = 1e-3  # how far from 1 a row may sum; probabilities in 16 bits stay within it


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """The scores of one classifier; shares are 0..1.

    A class without a test image has no recall, one that is never predicted no precision, and one
    that is neither no F1: they are NaN, and left out of the means.

    Attributes:
        classes: the class names, in the order of the arrays.
        accuracy: share of the images whose likeliest class is the true one.
        balanced_accuracy: mean of the classes' recall (Brodersen et al., 2010).
        macro_f1: mean of the classes' F1.
        log_loss: mean of -ln of the true class's probability, in nats; `FLOOR` bounds it.
        precision: `(classes,)` share of the images predicted as the class that are of it.
        recall: `(classes,)` share of the class's images that are predicted as it.
        f1: `(classes,)` harmonic mean of the two.
        support: `(classes,)` int64 images of the class.
        confusion: `(true classes, predicted classes)` int64 images.
    """

    classes: tuple[str, ...]
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    confusion: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """The scores as plain Python values; NaN becomes None."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}


def score(labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> Scores:
    """Return the scores of `probabilities` `(images, classes)` for `labels` `(images,)`.

    The likeliest class is the prediction; of equals, the first.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    check_answers(labels, probabilities, len(classes))
    predicted, indices = probabilities.argmax(axis=1), np.arange(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=indices, zero_division=np.nan
    )
    clipped = np.clip(probabilities.astype(np.float64), FLOOR, 1)
    return Scores(
        classes=tuple(classes),
        accuracy=float((predicted == labels).mean()),
        balanced_accuracy=float(np.nanmean(recall)),
        macro_f1=float(np.nanmean(f1)),
        log_loss=float(
            log_loss(labels, clipped / clipped.sum(axis=1, keepdims=True), labels=indices)
        ),
        precision=precision,
        recall=recall,
        f1=f1,
        support=support,
        confusion=confusion_matrix(labels, predicted, labels=indices),
    )


def check_answers(labels: np.ndarray, probabilities: np.ndarray, classes: int) -> None:
    """Check the shapes, types and values of `labels` and `probabilities`.

    Raises:
        DataError: they cannot be scored; the sentence says why.
    """
    if classes < 2:
        raise DataError(f"The number of classes to score is {classes}: it should be 2 or more.")
    if labels.ndim != 1 or probabilities.shape != (len(labels), classes):
        raise DataError(
            f"The labels have the shape {labels.shape} and the probabilities "
            f"{probabilities.shape}: "
            f"for {classes} classes they should be (images,) and (images, {classes})."
        )
    if not len(labels):
        raise DataError("There are no images to score: the labels are empty.")
    _check_labels(labels, classes)
    _check_rows(probabilities)


def _check_labels(labels: np.ndarray, classes: int) -> None:
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"The labels are of type {labels.dtype}: they should be integer class indices."
        )
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise DataError(
            f"The labels have the class index {outside[0]}: "
            f"for {classes} classes it should be between 0 and {classes - 1}."
        )


def _check_rows(probabilities: np.ndarray) -> None:
    unfit = ~np.isfinite(probabilities).all(axis=1) | (probabilities < 0).any(axis=1)
    if unfit.any():
        row = int(unfit.argmax())
        raise DataError(
            f"The probabilities of image {row} are {probabilities[row].tolist()}: "
            "they should be between 0 and 1."
        )
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if np.abs(sums - 1).max() > TOLERANCE:
        row = int(np.abs(sums - 1).argmax())
        raise DataError(f"The probabilities of image {row} sum to {sums[row]:.4g}, not to 1.")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and np.isnan(value) else value
