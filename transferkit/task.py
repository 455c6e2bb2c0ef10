"""The task of a classifier: targets, output activation, loss, metrics and decision rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class SingleLabel:
    """Classification of images that are of exactly one class each."""

    activation: str = "softmax"
    metrics: tuple[str, ...] = ("accuracy",)

    def targets(self, labels: np.ndarray, classes: int) -> np.ndarray:
        """Return class numbers `(images,)` as one-hot `(images, classes)` float32."""
        return np.eye(classes, dtype=np.float32)[labels]

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the likeliest class, `(images,)` int64; of targets, the classes themselves."""
        return probabilities.argmax(axis=1)

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """Return the loss between targets and probabilities."""
        import keras

        return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)


TASK = SingleLabel()
"""The only task so far; a multi-label one would be a second class, chosen by the manifest."""
