"""Auxiliary heads: classifiers on maps within a backbone, while it learns from random weights."""

from __future__ import annotations

import keras
from keras import layers

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import require_resolved
from transferkit.config.settings import ModelConfig
from transferkit.models.classifier import HEAD, at_image_size, pooled
from transferkit.task import TASK

POOL, STRIDES = 5, 3  # pixels of the map that are averaged, and from one such square to the next
FEATURES, UNITS = 128, 1024  # of the convolution, and of the hidden layer
DROPOUT = 0.7


def with_auxiliary_heads(classifier: keras.Model, model: ModelConfig) -> keras.Model:
    """Images in; out come the probabilities of `classifier`, and those of each auxiliary head.

    `classifier`, whose layers these are, was built of `model`, which has to be resolved, by
    `resolve_model`. The heads are on the maps `auxiliary` of the backbone's row, for the largest of
    the image sizes.
    """
    require_resolved(model)
    row, side = find_backbone(model.backbone), classifier.input_shape[1]
    backbone = classifier.get_layer(row.name)
    inner = [backbone.get_layer(name).output for name in row.auxiliary]
    tapped = keras.Model(backbone.input, [*backbone.outputs, *inner])
    images = keras.Input(classifier.input_shape[1:], name="images")
    maps, auxiliary = [], []
    for image_size in model.image_sizes or (side,):
        outputs = tapped(at_image_size(images, row, image_size))
        maps += outputs[: len(backbone.outputs)]
        if image_size == side:
            auxiliary = outputs[len(backbone.outputs) :]
    probabilities = classifier.get_layer(HEAD)(pooled(maps, model.pooling))
    classes = probabilities.shape[-1]
    heads = [
        auxiliary_head(feature_map, classes, name=f"auxiliary{number}")
        for number, feature_map in enumerate(auxiliary, start=1)
    ]
    return keras.Model(images, [probabilities, *heads], name=f"{classifier.name}_auxiliary")


def auxiliary_head(feature_map: keras.KerasTensor, classes: int, *, name: str) -> keras.KerasTensor:
    """`(images, height, width, features)` to probabilities `(images, classes)`, float32.

    Szegedy et al., Going Deeper with Convolutions, CVPR 2015, section 5. A map that is smaller than
    its square of pooling is averaged whole.
    """
    relu = {"activation": "relu", "kernel_initializer": "he_normal"}
    pool = [min(POOL, side) for side in feature_map.shape[1:3]]
    x = layers.AveragePooling2D(pool, strides=STRIDES, name=f"{name}_pool")(feature_map)
    x = layers.Conv2D(FEATURES, 1, name=f"{name}_project", **relu)(x)
    x = layers.Flatten(name=f"{name}_flatten")(x)
    x = layers.Dense(UNITS, name=f"{name}_hidden", **relu)(x)
    x = layers.Dropout(DROPOUT, name=f"{name}_dropout")(x)
    return layers.Dense(classes, activation=TASK.activation, dtype="float32", name=name)(x)
