"""The pocket backbone: a small residual network in plain Keras layers, stride 16."""

from __future__ import annotations

import keras
from keras import layers

STAGES = ((64, 2), (128, 2), (176, 2))  # features, and residual blocks of two 3 × 3 convolutions
WIDTH = 512  # values of the last feature map


def pocket(images: keras.KerasTensor) -> keras.KerasTensor:
    """`(images, height, width, 3)` of -1 to 1 to `(images, side / 16, side / 16, 512)`, rounded up.

    Residual blocks of He et al., Deep Residual Learning for Image Recognition, CVPR 2016; where
    one halves the sides, its shortcut averages before its 1 × 1 convolution (He et al., Bag of
    Tricks for Image Classification, CVPR 2019).
    """
    x = _convolution(images, 32, 3, strides=2, name="stem")
    for number, (features, blocks) in enumerate(STAGES, 1):
        for block in range(blocks):
            name = f"stage{number}_block{block + 1}"
            x = _residual(x, features, strides=1 if block else 2, name=name)
    return _convolution(x, WIDTH, 1, name="top")


def _residual(x: keras.KerasTensor, features: int, *, strides: int, name: str) -> keras.KerasTensor:
    shortcut = x
    if strides > 1:
        # With `same` it keeps the last row and column of an odd map, as the convolution does.
        pool = layers.AveragePooling2D(strides, padding="same", name=f"{name}_halve")
        shortcut = pool(shortcut)
    if x.shape[-1] != features:
        shortcut = _convolution(shortcut, features, 1, relu=False, name=f"{name}_shortcut")
    x = _convolution(x, features, 3, strides=strides, name=f"{name}_first")
    x = _convolution(x, features, 3, relu=False, name=f"{name}_second")
    return layers.ReLU(name=name)(layers.Add(name=f"{name}_add")([x, shortcut]))


def _convolution(
    x: keras.KerasTensor,
    features: int,
    kernel: int,
    *,
    name: str,
    strides: int = 1,
    relu: bool = True,
) -> keras.KerasTensor:
    """Convolution, batch normalisation and, if `relu`, rectification."""
    if strides > 1:  # by hand, as elsewhere: with `same`, Keras pads below and to the right alone
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        features,
        kernel,
        strides=strides,
        padding="valid" if strides > 1 else "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = layers.BatchNormalization(name=f"{name}_normal")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x
