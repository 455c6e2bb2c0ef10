"""The outputs of a classifier beside those of its two parts."""

from __future__ import annotations

import keras
import numpy as np

from transferkit.models.classifier import extractor_of
from transferkit.models.split import SplitClassifier

Pair = tuple[np.ndarray, np.ndarray]


def parts_and_whole(
    halves: SplitClassifier, classifier: keras.Model, images: np.ndarray
) -> tuple[tuple[int, ...], Pair, Pair]:
    """Return the shape of the activations; probabilities and features by parts and as a whole."""
    activations, features = halves.below(images, training=False)
    probabilities = halves.above(activations, training=False), classifier(images, training=False)
    whole = extractor_of(classifier)(images, training=False)
    return tuple(activations.shape), probabilities, (features, whole)
