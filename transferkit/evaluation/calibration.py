"""Calibration: reliability, expected calibration error, Brier score, and temperature scaling."""

from __future__ import annotations

import dataclasses

import numpy as np

from transferkit.evaluation.metrics import FLOOR, check_answers

DIGITS = 6  # of a confidence, as float32 holds them: the next is rounding and parts no two
MIN_TEMPERATURE, MAX_TEMPERATURE = (
    0.05,
    20.0,
)  # beyond, one class has it all, or all the same


@dataclasses.dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence and accuracy of predictions in bins of equal width.

    Attributes:
        edges: `(bins + 1,)` of the bins, 0..1; a bin holds its upper edge.
        confidence: `(bins,)` mean probability of the likeliest class; NaN in an empty bin.
        accuracy: `(bins,)` share of the images whose likeliest class is the true one; or NaN.
        counts: `(bins,)` int64 images.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Coverage:
    """Accuracy by the share of images that are answered, the least confident left to a person.

    Attributes:
        coverage: `(points,)` share of the images that are answered, increasing to 1.
        accuracy: `(points,)` share of those that are classified correctly.
    """

    coverage: np.ndarray
    accuracy: np.ndarray


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return `probabilities` `(images, classes)` at another temperature, `p ** (1 / T)`.

    What is less than `FLOOR` counts as that, so that a class that was ruled out by mistake can
    regain some probability. At 1 nothing else changes.
    """
    logs = np.log(np.clip(np.asarray(probabilities, np.float64), FLOOR, 1)) / temperature
    values = np.exp(logs - logs.max(axis=1, keepdims=True))
    values /= values.sum(axis=1, keepdims=True)
    return values.astype(np.result_type(probabilities, np.float16), copy=False)


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = 15
) -> float:
    """Return the mean gap of confidence and accuracy, 0..1 (Guo et al., 2017)."""
    diagram = reliability(labels, probabilities, bins)
    gaps = np.abs(np.nan_to_num(diagram.accuracy - diagram.confidence))
    return float(gaps @ diagram.counts / diagram.counts.sum())


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean squared distance from the one-hot labels, 0..2 (Brier, 1950).

    The sum over the classes, as in the paper: twice what is often used for two classes.
    (doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2)
    """
    _check(labels, probabilities)
    away = probabilities.astype(np.float64)
    away[np.arange(len(labels)), labels] -= 1
    return float((away**2).sum(axis=1).mean())


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> Reliability:
    """Return accuracy and confidence by bin of confidence: the data of a reliability diagram.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    confidence, right = _answers(labels, probabilities)
    edges = np.linspace(0, 1, bins + 1)
    indices = np.searchsorted(edges[1:-1].round(DIGITS), confidence.round(DIGITS))
    counts = np.bincount(indices, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, as is said
        return Reliability(
            edges=edges,
            confidence=np.bincount(indices, confidence, bins) / counts,
            accuracy=np.bincount(indices, right, bins) / counts,
            counts=counts,
        )


def coverage_curve(labels: np.ndarray, probabilities: np.ndarray) -> Coverage:
    """Return the accuracy of the most confident predictions, by the share of images they cover.

    Predictions with equal confidence are one point: no threshold separates them. (The
    risk-coverage curve of El-Yaniv and Wiener, 2010, JMLR 11:1605-1641.)

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    confidence, right = _answers(labels, probabilities)
    confidence = confidence.round(DIGITS)
    order = np.argsort(-confidence, kind="stable")
    last = np.append(np.diff(confidence[order]) != 0, True)
    answered = np.arange(1, len(order) + 1)[last]
    return Coverage(answered / len(order), right[order].cumsum()[last] / answered)


def _answers(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return confidence, `(images,)` 0..1, and correctness, `(images,)` bool."""
    _check(labels, probabilities)
    confidence = probabilities.max(axis=1).astype(np.float64)
    return confidence, probabilities.argmax(axis=1) == labels


def _check(labels: np.ndarray, probabilities: np.ndarray) -> None:
    check_answers(labels, probabilities, probabilities.shape[-1])
