"""The residual networks for CIFAR's small images, in plain Keras layers."""

from __future__ import annotations

import keras
from keras import layers

FEATURES = (16, 32, 64)  # of the three stages
MOMENTUM = 0.9  # of the moving statistics: trainings on few images have few steps


def cifar_resnet(images: keras.KerasTensor, *, depth: int) -> keras.KerasTensor:
    """`(images, height, width, 3)` to `(images, side / 4, side / 4, 64)`, rounded up.

    He et al., Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2: `depth` is
    6n + 2, with n blocks of two convolutions in each stage. The shortcuts have no parameters
    (option A): where the side is halved they take every other pixel, and zeros for the new
    features.
    """
    x = _convolution(images, FEATURES[0], "stem")
    x = layers.ReLU(name="stem_relu")(x)
    for stage, features in enumerate(FEATURES, start=1):
        for block in range(1, (depth - 2) // 6 + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _residual(x, f"stage{stage}_block{block}", features=features, strides=strides)
    return x


def _residual(
    inputs: keras.KerasTensor, name: str, *, features: int, strides: int
) -> keras.KerasTensor:
    x = _convolution(inputs, features, f"{name}_1", strides=strides)
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _convolution(x, features, f"{name}_2")
    shortcut = inputs
    if strides > 1:
        shortcut = layers.MaxPooling2D(1, strides=strides, name=f"{name}_every_other")(inputs)
        # For "channels_first" the last axis, here that of the features, is one of a picture's.
        zeros = (0, 0), ((features - inputs.shape[-1]) // 2,) * 2
        shortcut = layers.ZeroPadding2D(zeros, data_format="channels_first", name=f"{name}_zeros")(
            shortcut
        )
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([shortcut, x]))


def _convolution(
    x: keras.KerasTensor, features: int, name: str, *, strides: int = 1
) -> keras.KerasTensor:
    """Convolution of 3x3 and batch normalisation."""
    x = layers.Conv2D(
        features,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-5, name=f"{name}_bn")(x)
