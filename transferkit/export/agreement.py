"""Agreement of an export with its network on test images, and the cause of a disagreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import softmax

from transferkit.export.formats import FLOAT_BOUND, ExportFormat
from transferkit.inference.parity import compare_outputs

# A cause explains a disagreement if its repair makes the mean difference of probabilities less than
# MAX_UNEXPLAINED, and MIN_GAIN times smaller than before. 8-bit integers leave 0.01.
MAX_UNEXPLAINED = 0.02
MIN_GAIN = 5.0
MIN_PROBABILITY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Agreement:
    """Agreement of the probabilities of an export with those of its network, on the same images.

    Attributes:
        images: number of images that were compared.
        max_difference: the greatest difference of a probability; NaN if one is not a number.
        same_top1: share of images with the same class. Two classes count as the same if the
            network's probabilities of them differ by less than the bound of the float formats.
        accuracy: of the export; None if no label is known.
        network_accuracy: of the network.
    """

    images: int
    max_difference: float
    same_top1: float
    accuracy: float | None = None
    network_accuracy: float | None = None

    def is_within(self, row: ExportFormat) -> bool:
        """Return whether the agreement is within the bounds of the format `row`."""
        # `<=` is false for NaN.
        near = row.max_difference is None or self.max_difference <= row.max_difference
        return near and np.isfinite(self.max_difference) and self.same_top1 >= row.min_same_top1


def measure_agreement(
    reference: np.ndarray,
    candidate: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    tie: float = FLOAT_BOUND,
) -> Agreement:
    """Compare `(images, classes)` probabilities of the network with those of an export.

    `labels` are `(images,)` class indices, -1 for a class that the network does not know.
    """
    if candidate.shape != reference.shape:
        return Agreement(len(reference), float("nan"), 0.0)
    rows = np.arange(len(reference))
    chosen = candidate.argmax(axis=1)
    same = reference[rows, chosen] >= reference.max(axis=1) - tie
    accuracies: list[float | None] = [None, None]
    if labels is not None and (labels >= 0).any():
        accuracies = [
            float((answers.argmax(axis=1) == labels).mean()) for answers in (candidate, reference)
        ]
    difference = compare_outputs([reference], [candidate]).max_difference
    return Agreement(len(reference), difference, float(same.mean()), *accuracies)


def diagnose(reference: np.ndarray, variants: Mapping[str, np.ndarray]) -> str:
    """Return the cause of a disagreement as the end of a sentence; empty if it is unknown.

    `reference` are the `(images, classes)` probabilities of the network. `variants` are those of
    the export: for the same images (`same`), for them a second time (`again`), with red and blue
    exchanged (`swapped`), and scaled to 0..1 (`unit`) or -1..1 (`signed`).
    """
    plain = variants["same"]
    if plain.shape != reference.shape:
        return f"it gives an array {plain.shape} in place of {reference.shape}"
    if not np.isfinite(plain).all():
        return "some of its probabilities are not finite numbers"
    if np.abs(plain - variants["again"]).max() > FLOAT_BOUND:
        return (
            "augmentation is left in, since two equal requests get two answers: take the layers of "
            "augmentation out of the model"
        )
    order, factor = class_order(reference, plain), temperature_between(reference, plain)
    explained = {
        _order_in_words(order): plain[:, order],
        "BGR for RGB, since it agrees with red and blue exchanged": variants["swapped"],
        "another scaling, since it agrees for pixels of 0..1": variants["unit"],
        "another scaling, since it agrees for pixels of -1..1": variants["signed"],
        f"another temperature, {1 / factor:.3g} times that of the network": tempered(plain, factor),
    }
    rest = {cause: _mean_difference(reference, values) for cause, values in explained.items()}
    cause = min(rest, key=lambda name: rest[name])
    bound = min(MAX_UNEXPLAINED, _mean_difference(reference, plain) / MIN_GAIN)
    return cause if rest[cause] < bound else ""


def augmentation_hint(message: str) -> str:
    """Return the cause of a failure, if its `message` is about a random operation; else empty."""
    if "Random" not in message:
        return ""
    return (
        "; the cause is augmentation, whose random numbers the format lacks: take the layers of "
        "augmentation out of the model"
    )


def class_order(reference: np.ndarray, candidate: np.ndarray) -> list[int]:
    """Assign to each column of `reference` the nearest column of `candidate`, each used once."""
    costs = cdist(reference.T, candidate.T, "cityblock")
    return linear_sum_assignment(costs)[1].tolist()


def _order_in_words(order: list[int]) -> str:
    moved = [index for index, column in enumerate(order) if column != index] or [0]
    return (
        f"the class order, since its column {order[moved[0]]} is the class {moved[0]} of the "
        f"network ({len(moved)} of {len(order)} classes are elsewhere)"
    )


def temperature_between(reference: np.ndarray, candidate: np.ndarray) -> float:
    """Return the best factor from the logits of `reference` to those of `candidate`, or 1."""
    logits, others = (_logits(values) for values in (reference, candidate))
    large = np.abs(logits) > np.abs(logits).max() / 10
    # The median: probabilities near 0 are cut off.
    factor = float(np.median(others[large] / logits[large])) if large.any() else 1.0
    return factor if np.isfinite(factor) and factor > 0 else 1.0


def tempered(probabilities: np.ndarray, factor: float) -> np.ndarray:
    """Return `probabilities` with their logits divided by `factor`."""
    return softmax(_logits(probabilities) / factor, axis=1)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """Return logits with a mean of 0 for each image."""
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), MIN_PROBABILITY))
    return logarithms - logarithms.mean(axis=1, keepdims=True)


def _mean_difference(reference: np.ndarray, candidate: np.ndarray) -> float:
    return float(np.abs(candidate - reference).mean())
