"""A classifier: preprocessing, backbone and head in one Keras model; and what of it is frozen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from transferkit.backbones.networks import build_backbone, preprocess
from transferkit.backbones.start import starting_weights
from transferkit.backbones.table import Backbone, find_backbone
from transferkit.config import ModelConfig
from transferkit.errors import ConfigError

FEATURES, HEAD = "features", "head"  # names of the two layers on top of the backbone


def build_classifier(
    model: ModelConfig, classes: Sequence[str], *, side: int | None = None
) -> keras.Model:
    """RGB images `(batch, side, side, 3)` of 0..255 in, probabilities `(batch, classes)` out.

    The layers `features` (the pooled feature vector) and `head`, and the one with the backbone's
    name, can be had by `get_layer`. Nothing is frozen yet.

    Raises:
        ConfigError, WeightsError: no such backbone, a side too small for it, weights of another.
    """
    extractor = build_extractor(model, side)
    head = _build_head(model, extractor.output_shape[-1], len(classes))
    outputs = head(extractor.output)
    return keras.Model(extractor.input, outputs, name=f"{model.backbone}_classifier")


def build_extractor(model: ModelConfig, side: int | None = None) -> keras.Model:
    """RGB images `(batch, side, side, 3)` of 0..255 in, pooled features `(batch, width)` out.

    Raises:
        ConfigError, WeightsError: as `build_classifier`.
    """
    row = find_backbone(model.backbone)
    backbone = build_backbone(row, starting_weights(model), side)
    images = keras.Input(backbone.input_shape[1:], name="images")
    features = _pooled(backbone(preprocess(row, images)), model.pooling)
    return keras.Model(images, features, name="extractor")


def blocks_to_release(row: Backbone, release: str, *, pretrained: bool) -> int:
    """How many blocks from the top the setting `release` means.

    Raises:
        ConfigError: more than the backbone has.
    """
    named = {"none": 0, "last": 1, "all": len(row.blocks)}
    if release == "auto":
        release = "last" if pretrained else "all"
    number = named[release] if release in named else int(release)
    if number > len(row.blocks):
        raise ConfigError(
            f"The setting 'release' is {number}: {row.name} has {len(row.blocks)} blocks, "
            "so it should be that or less, or all."
        )
    return number


def release_blocks(
    classifier: keras.Model, row: Backbone, number: int, *, pretrained: bool
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


def rate_factors(classifier: keras.Model, row: Backbone, decay: float) -> dict[str, float]:
    """What multiplies the rate of each variable of the backbone: `decay` a block downwards."""
    factors: dict[str, float] = {}
    if decay == 1:
        return factors
    depth = len(row.blocks)
    for layer in classifier.get_layer(row.name).layers:
        if layer.name in row.blocks:
            depth = len(row.blocks) - 1 - row.blocks.index(layer.name)
        factors |= {variable.path: decay**depth for variable in layer.trainable_variables}
    return factors


def extractor_of(classifier: keras.Model) -> keras.Model:
    """The part of `classifier` below its head, with the same layers."""
    return keras.Model(classifier.input, classifier.get_layer(FEATURES).output, name="extractor")


def parameters(model: keras.Model, *, trainable: bool = False) -> int:
    """How many numbers `model` has, or has that learn."""
    weights = model.trainable_weights if trainable else model.weights
    return sum(math.prod(weight.shape) for weight in weights)


def _pooled(maps: keras.KerasTensor, pooling: str) -> keras.KerasTensor:
    if len(maps.shape) == 2:  # a backbone that ends in a vector
        return keras.layers.Flatten(name=FEATURES)(maps)
    if pooling == "avg":
        return keras.layers.GlobalAveragePooling2D(name=FEATURES)(maps)
    if pooling == "max":
        return keras.layers.GlobalMaxPooling2D(name=FEATURES)(maps)
    both = [
        keras.layers.GlobalAveragePooling2D(name="average")(maps),
        keras.layers.GlobalMaxPooling2D(name="maximum")(maps),
    ]
    return keras.layers.Concatenate(name=FEATURES)(both)


def _build_head(model: ModelConfig, width: int, classes: int) -> keras.Model:
    layers = [keras.Input((width,)), keras.layers.Dropout(model.dropout)]
    if model.head == "hidden":
        layers += [_hidden_layer(model), keras.layers.Dropout(model.dropout)]
    # Probabilities are float32 under mixed precision too: 16 bits are too coarse for a logarithm.
    layers.append(
        keras.layers.Dense(classes, activation="softmax", dtype="float32", name="classes")
    )
    return keras.Sequential(layers, name=HEAD)


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
