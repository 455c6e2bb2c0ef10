"""Freezing: which blocks of a backbone learn, at which rates, and their batch normalisation."""

from __future__ import annotations

import keras

from transferkit.backbones.catalog import BackboneSpec
from transferkit.models.classifier import HEAD

MOMENTUM_16_BITS = 0.9  # of moving statistics


def unfreeze_blocks(
    classifier: keras.Model, row: BackboneSpec, number: int, *, pretrained: bool, head: bool = True
) -> None:
    """Let the last `number` blocks of the backbone learn, and the `head`; freeze all else.

    The batch normalisation of a pretrained backbone stays frozen in the released blocks too: its
    moving means drift once it may learn, whatever `training=False` says (keras#20285).
    """
    backbone = classifier.get_layer(row.name)
    names = [layer.name for layer in backbone.layers]
    first = names.index(row.blocks[-number]) if number else len(names)
    classifier.get_layer(HEAD).trainable = head
    backbone.trainable = True
    for position, layer in enumerate(backbone.layers):
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = position >= first and not (normalises and pretrained)


def layer_decay_multipliers(
    classifier: keras.Model, row: BackboneSpec, decay: float
) -> dict[str, float]:
    """Return learning-rate multipliers by variable: `decay` per block towards the input."""
    factors: dict[str, float] = {}
    if decay == 1:
        return factors
    depth = len(row.blocks)
    for layer in classifier.get_layer(row.name).layers:
        if layer.name in row.blocks:
            depth = len(row.blocks) - 1 - row.blocks.index(layer.name)
        factors |= {variable.path: decay**depth for variable in layer.trainable_variables}
    return factors


def batch_normalization_layers(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Return the layers of batch normalisation of `model`, those of models within it too."""
    layers = model._flatten_layers(include_self=False)
    return [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]


def let_statistics_follow(model: keras.Model) -> None:
    """Give the moving statistics of `model` a momentum that bfloat16 can carry.

    Where oneDNN's bfloat16 is on, TensorFlow rewrites their update too. With 8 bits, a step of a
    hundredth of the way (Keras' momentum of 0.99) is lost unless the way is long: variances were
    left up to 2.7 times too large, so that a network which had learnt well said nothing at
    inference. A tenth of the way is kept to within a few percent.
    """
    for layer in batch_normalization_layers(model):
        layer.momentum = MOMENTUM_16_BITS
