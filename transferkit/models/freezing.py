"""Freezing: which blocks of a backbone learn, and the learning-rate multiplier of each."""

from __future__ import annotations

import keras

from transferkit.backbones.catalog import BackboneSpec


def unfreeze_blocks(
    classifier: keras.Model, row: BackboneSpec, number: int, *, pretrained: bool
) -> None:
    """Let the last `number` blocks of the backbone learn, and freeze all below them.

    The batch normalisation of a pretrained backbone stays frozen in the released blocks too: its
    moving means drift once it may learn, whatever `training=False` says (keras#20285).
    """
    backbone = classifier.get_layer(row.name)
    names = [layer.name for layer in backbone.layers]
    first = names.index(row.blocks[-number]) if number else len(names)
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
