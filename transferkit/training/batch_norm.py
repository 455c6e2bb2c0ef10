"""Batch normalisation that learns: statistics that follow it in 16 bits, or are measured anew."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np

MOMENTUM = 0.9  # of moving statistics in 16 bits


def let_statistics_follow(model: keras.Model) -> None:
    """Give the moving statistics of `model` a momentum that bfloat16 can carry.

    Where oneDNN's bfloat16 is on, TensorFlow rewrites their update too. With 8 bits, a step of a
    hundredth of the way (Keras' momentum of 0.99) is lost unless the way is long: variances were
    left up to 2.7 times too large, so that a network which had learnt well said nothing at
    inference. A tenth of the way is kept to within a few percent.
    """
    for layer in _normalising(model):
        layer.momentum = MOMENTUM


def measure_statistics(model: keras.Model, batches: Iterable[np.ndarray]) -> None:
    """Set the moving statistics of `model` to their means over `batches` of its inputs.

    In float32, as the network is when called so (Wu and Johnson, Rethinking "Batch" in BatchNorm,
    2021, arXiv:2105.07576).
    """
    layers = _normalising(model)
    momenta = [layer.momentum for layer in layers]
    for number, batch in enumerate(batches):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all batches so far
        model(batch.astype("float32"), training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def _normalising(model: keras.Model) -> list[keras.layers.Layer]:
    every = model._flatten_layers(include_self=False)
    return [layer for layer in every if isinstance(layer, keras.layers.BatchNormalization)]
