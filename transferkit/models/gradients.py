"""Gradients of a score with respect to what it is computed from, by TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

Score = Callable[[list[tf.Tensor]], tf.Tensor]
"""From some tensors, `(images, ...)` each, to a number of each class, `(images, classes)`."""


def score_gradients(
    score: Score, given: Sequence[np.ndarray], answers: np.ndarray
) -> list[np.ndarray]:
    """How the score of the class `answers[i]` of image `i` changes with each number of `given`.

    The arrays are of the shapes of `given`, float32.
    """
    tensors = [tf.convert_to_tensor(each, tf.float32) for each in given]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        chosen = tf.gather(score(tensors), answers, axis=1, batch_dims=1)
    none = tf.UnconnectedGradients.ZERO
    return [np.asarray(each) for each in tape.gradient(chosen, tensors, unconnected_gradients=none)]
