"""A classifier: preprocessing, backbone and head in one Keras model; and what of it is frozen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import BackboneSpec, find_backbone
from transferkit.backbones.resolve import is_pretrained, require_resolved, resolve_model
from transferkit.backbones.spec import STAGES, input_size
from transferkit.config.settings import ModelConfig
from transferkit.errors import ConfigError
from transferkit.task import TASK

FEATURES, HEAD = "features", "head"  # names of the two layers on top of the backbone
DROPOUT = 0.2  # of a head that is learnt step by step
CLASSES = "classes"  # name of the last layer of the head
AVERAGE, MAXIMUM = keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D
POOLS = {"max": (MAXIMUM,), "both": (AVERAGE, MAXIMUM), "stages_both": (AVERAGE, MAXIMUM)}
"""The layers by which each map becomes a vector; it is the average where nothing stands here."""


def build_classifier(
    model: ModelConfig, classes: Sequence[str], *, image_size: int | None = None
) -> keras.Model:
    """RGB images `(batch, side, side, 3)` of 0..255 in, probabilities `(batch, classes)` out.

    The layers `features` (the pooled feature vector) and `head`, and the one with the backbone's
    name, can be had by `get_layer`. Nothing is frozen yet.

    Raises:
        ConfigError, WeightsError: no such backbone, a side too small for it, weights of another.
    """
    model = resolve_model(model)
    extractor = build_extractor(model, image_size)
    head = _build_head(model, extractor.output_shape[-1], len(classes))
    outputs = head(extractor.output)
    return keras.Model(extractor.input, outputs, name=f"{model.backbone}_classifier")


def build_extractor(model: ModelConfig, image_size: int | None = None) -> keras.Model:
    """RGB images `(batch, side, side, 3)` of 0..255 in, pooled features `(batch, width)` out.

    `model` has to be resolved, by `resolve_model`.

    Raises:
        ConfigError, WeightsError: as `build_classifier`.
    """
    require_resolved(model)
    row = find_backbone(model.backbone)
    image_size = input_size(row, image_size, model.image_sizes)
    image_sizes = model.image_sizes or (image_size,)
    backbone = build_backbone(
        row,
        model.weights,
        image_size,
        stages=model.pooling in STAGES,
        any_side=len(image_sizes) > 1,
    )
    images = keras.Input((image_size, image_size, 3), name="images")
    maps = [backbone(at_image_size(images, row, side)) for side in image_sizes]
    features = pooled(keras.tree.flatten(maps), model.pooling)
    return keras.Model(images, features, name="extractor")


def at_image_size(
    images: keras.KerasTensor, row: BackboneSpec, image_size: int
) -> keras.KerasTensor:
    """`images`, RGB 0 to 255, at `image_size` pixels, as the network of `row` takes them.

    They are averaged down in float32, whatever the policy.
    """
    factor = images.shape[1] // image_size
    if factor > 1:
        name = f"side_{image_size}"
        images = keras.layers.AveragePooling2D(factor, dtype="float32", name=name)(images)
    return preprocess(row, images)


def pooled(maps: Sequence[keras.KerasTensor], pooling: str) -> keras.KerasTensor:
    """The pooled `maps` one after the other, as the output of the layer `features`.

    What is among them as a vector is pooled already.
    """
    kinds = POOLS.get(pooling, (AVERAGE,))
    if len(maps) == 1 and len(maps[0].shape) == 2:
        return keras.layers.Flatten(name=FEATURES)(maps[0])
    if len(maps) == 1 and len(kinds) == 1:
        return kinds[0](name=FEATURES)(maps[0])
    vectors = [vector for feature_map in maps for vector in vectors_of(feature_map, pooling)]
    return keras.layers.Concatenate(name=FEATURES)(vectors)


def vectors_of(feature_map: keras.KerasTensor, pooling: str) -> list[keras.KerasTensor]:
    """`feature_map` pooled in the ways of `pooling`; one that is a vector as it is."""
    if len(feature_map.shape) == 2:
        return [feature_map]
    return [kind()(feature_map) for kind in POOLS.get(pooling, (AVERAGE,))]


def extractor_of(classifier: keras.Model) -> keras.Model:
    """The part of `classifier` below its head, with the same layers."""
    return keras.Model(classifier.input, classifier.get_layer(FEATURES).output, name="extractor")


def parameters(model: keras.Model, *, trainable: bool = False) -> int:
    """How many numbers `model` has, or has that learn."""
    weights = model.trainable_weights if trainable else model.weights
    return sum(math.prod(weight.shape) for weight in weights)


def _build_head(model: ModelConfig, width: int, classes: int) -> keras.Model:
    rate = dropout_of(model)
    layers = [keras.Input((width,)), keras.layers.Dropout(rate)]
    if model.head == "hidden":
        layers += [_hidden_layer(model), keras.layers.Dropout(rate)]
    # Probabilities are float32 under mixed precision too: 16 bits are too coarse for a logarithm.
    layers.append(
        keras.layers.Dense(classes, activation=TASK.activation, dtype="float32", name=CLASSES)
    )
    return keras.Sequential(layers, name=HEAD)


def dropout_of(model: ModelConfig) -> float:
    """The share of the features that is dropped.

    A solved head weighs single features heavily, where that is right for all of them together:
    without some of them, the digits' loss was 3.2 in place of 0.003, and fine-tuning began there.
    """
    if model.dropout is not None:
        return model.dropout
    return 0.0 if model.head == "linear" and is_pretrained(model) else DROPOUT


def _hidden_layer(model: ModelConfig) -> keras.layers.Layer:
    try:
        return keras.layers.Dense(
            model.hidden_units,
            activation=model.hidden_activation,
            kernel_initializer=model.hidden_initializer,
            name="hidden",
        )
    except ValueError as error:
        raise ConfigError(
            f"Keras has no activation {model.hidden_activation!r} or no initialiser "
            f"{model.hidden_initializer!r}: names such as 'relu', 'gelu' and 'he_normal' are right."
        ) from error
