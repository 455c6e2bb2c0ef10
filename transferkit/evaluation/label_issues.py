"""Confident learning: labels that are likely to be wrong, from out-of-sample probabilities."""

from __future__ import annotations

import dataclasses

import numpy as np

from transferkit.evaluation.metrics import FLOOR, check_answers


@dataclasses.dataclass(frozen=True)
class LabelIssue:
    """Doubt about the label of one image.

    Attributes:
        image: its row.
        given: the class number that it is labelled with.
        suggested: the likeliest of the other classes.
        doubt: 0..1; above a half, another class is likelier than the given one.
    """

    image: int
    given: int
    suggested: int
    doubt: float


def rank_label_issues(labels: np.ndarray, probabilities: np.ndarray) -> list[LabelIssue]:
    """Return every image, the most doubtful label first.

    `labels` `(images,)` are class indices, `probabilities` `(images, classes)` those of classifiers
    that were not trained on the image, as in cross-validation.

    Each probability is first divided by the threshold of its class, the mean probability over the
    images of that class, so that classes with low confidence are not doubted throughout (confident
    learning: Northcutt et al., 2021, doi:10.1613/jair.1.12125). The doubt is the share of the
    likeliest other class in the sum of the two. Of equal doubts, the lower row comes first.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    check_answers(labels, probabilities, probabilities.shape[-1])
    rows = np.arange(len(labels))
    values = probabilities / _thresholds(labels, probabilities)
    label_values = values[rows, labels]
    values[rows, labels] = -1  # never its own rival
    suggested = values.argmax(axis=1)
    other = values[rows, suggested]
    doubt = other / np.maximum(other + label_values, np.finfo(float).tiny)
    order = np.argsort(-doubt, kind="stable")
    return [
        LabelIssue(int(row), int(labels[row]), int(suggested[row]), float(doubt[row]))
        for row in order
    ]


def _thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return `(classes,)` float64, the mean probability of each class over its images.

    The threshold of a class without images is 1, the strictest.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, probabilities[np.arange(len(labels)), labels], classes)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return np.maximum(means, FLOOR)
