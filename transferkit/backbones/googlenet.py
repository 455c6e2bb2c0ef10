"""GoogLeNet (Inception v1) in plain Keras layers."""

from __future__ import annotations

import keras
from keras import layers

MODULES = (  # name, features: 1x1, before 3x3, 3x3, before 5x5, 5x5, after pooling
    ("inception_3a", 64, 96, 128, 16, 32, 32),
    ("inception_3b", 128, 128, 192, 32, 96, 64),
    ("inception_4a", 192, 96, 208, 16, 48, 64),
    ("inception_4b", 160, 112, 224, 24, 64, 64),
    ("inception_4c", 128, 128, 256, 24, 64, 64),
    ("inception_4d", 112, 144, 288, 32, 64, 64),
    ("inception_4e", 256, 160, 320, 32, 128, 128),
    ("inception_5a", 256, 160, 320, 32, 128, 128),
    ("inception_5b", 384, 192, 384, 48, 128, 128),
)
AFTER_POOLING = ("inception_3a", "inception_4a", "inception_5a")  # their maps have half the side


def googlenet(images: keras.KerasTensor) -> keras.KerasTensor:
    """`(images, height, width, 3)` to `(images, side / 32, side / 32, 1024)`, rounded up.

    Szegedy et al., Going Deeper with Convolutions, CVPR 2015, table 1, without its local response
    normalisation. He's initialisation stands in for the paper's, which is not stated. Its two
    auxiliary classifiers are there in training alone: `transferkit.models.auxiliary`.
    """
    x = _convolution(images, 64, 7, strides=2, name="conv1")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = _convolution(x, 64, 1, name="conv2_reduce")
    x = _convolution(x, 192, 3, name="conv2")
    for name, *features in MODULES:
        if name in AFTER_POOLING:
            x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
        x = _inception(x, name, *features)
    return x


def _inception(
    x: keras.KerasTensor,
    name: str,
    ones: int,
    threes_reduced: int,
    threes: int,
    fives_reduced: int,
    fives: int,
    projected: int,
) -> keras.KerasTensor:
    """Inception module: convolutions of three sizes and a pooling side by side."""
    reduced = _convolution(x, threes_reduced, 1, name=f"{name}_3x3_reduce")
    three = _convolution(reduced, threes, 3, name=f"{name}_3x3")
    reduced = _convolution(x, fives_reduced, 1, name=f"{name}_5x5_reduce")
    five = _convolution(reduced, fives, 5, name=f"{name}_5x5")
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_neighbours")(x)
    pooled = _convolution(pooled, projected, 1, name=f"{name}_project")
    one = _convolution(x, ones, 1, name=f"{name}_1x1")
    return layers.Concatenate(name=name)([one, three, five, pooled])


def _convolution(
    x: keras.KerasTensor, features: int, kernel: int, *, name: str, strides: int = 1
) -> keras.KerasTensor:
    return layers.Conv2D(
        features,
        kernel,
        strides=strides,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
