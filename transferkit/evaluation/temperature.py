"""Temperature scaling, fitted to predictions on held-out images.

Networks and baselines follow the same rules. No framework is imported.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from transferkit.evaluation.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE

MIN_IMAGES = 20  # images; with fewer, the temperature is mostly noise
# How far the logarithm of a temperature is from 0 as a rule: that of ten networks on three sets of
# photographs was. With 24 validation images, of which 23 were right, the temperature of least loss
# was 0.29, and doubled the loss on the test images.
PRIOR_SCALE = 0.25
MIN_LOG_TEMPERATURE = 0.005  # of that logarithm; what is less changes no digit that is shown


def fit_temperature(logits: np.ndarray, labels: np.ndarray, images: int) -> float:
    """Return the likeliest temperature for `labels` `(rows,)` and `logits` `(rows, classes)`.

    That it is near 1 as a rule (`PRIOR_SCALE`, of a Laplace distribution) weighs as much as it
    should beside so many `images`: the rows, each of which may be there more than once.
    """

    def doubt(logarithm: float) -> float:
        return images * loss_at(np.exp(logarithm), logits, labels) + abs(logarithm) / PRIOR_SCALE

    bounds = np.log([MIN_TEMPERATURE, MAX_TEMPERATURE])
    return float(np.exp(minimize_scalar(doubt, bounds=bounds, method="bounded").x))


def reason_for_none(logits: np.ndarray, labels: np.ndarray, images: int) -> str:
    """Return why no temperature is fitted to these predictions; empty if one is."""
    if images < MIN_IMAGES:
        return f"there are {images} held-out images, and {MIN_IMAGES} are needed to fit it"
    if (logits.argmax(axis=1) == labels).all():
        return (
            f"all {images} held-out images are classified correctly, so they do not bound the "
            "confidence"
        )
    return ""


def loss_at(
    temperature: float, logits: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Return the log loss at `temperature`, in nats; `weights` `(rows,)` weight the rows."""
    logs = log_softmax(logits / temperature, axis=1)
    return float(-np.average(logs[np.arange(len(labels)), labels], weights=weights))


def tempered_loss(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Return the lowest log loss over all temperatures, with `weights` `(rows,)`."""
    bounds = np.log([MIN_TEMPERATURE, MAX_TEMPERATURE])
    return float(
        minimize_scalar(
            lambda logarithm: loss_at(np.exp(logarithm), logits, labels, weights),
            bounds=bounds,
            method="bounded",
        ).fun
    )
