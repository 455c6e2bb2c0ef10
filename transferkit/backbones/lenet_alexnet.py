"""Two networks that start from random weights, in plain Keras layers: LeNet-5 and AlexNet."""

from __future__ import annotations

import keras
from keras import layers


def lenet(images: keras.KerasTensor) -> keras.KerasTensor:
    """LeNet-5 up to its layer of 84 units: `(images, height, width, 3)` to `(images, 84)`.

    LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998. Its trainable
    subsampling is an average pooling here, and each map of the second convolution sees all maps
    of the first.
    """
    x = layers.Conv2D(6, 5, activation="tanh", name="conv1")(images)
    x = layers.AveragePooling2D(2, name="pool1")(x)
    x = layers.Conv2D(16, 5, activation="tanh", name="conv2")(x)
    x = layers.AveragePooling2D(2, name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="tanh", name="dense1")(x)
    return layers.Dense(84, activation="tanh", name="dense2")(x)


def alexnet(images: keras.KerasTensor) -> keras.KerasTensor:
    """AlexNet up to its second dense layer: `(images, height, width, 3)` to `(images, 4096)`.

    Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012. The
    halves that its two GPUs had are the groups of the convolutions 2, 4 and 5. It is without the
    local response normalisation, and He's initialisation stands in for the paper's.
    """
    relu = {"activation": "relu", "kernel_initializer": "he_normal"}
    x = layers.Conv2D(96, 11, strides=4, name="conv1", **relu)(images)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    x = layers.Conv2D(256, 5, padding="same", groups=2, name="conv2", **relu)(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = layers.Conv2D(384, 3, padding="same", name="conv3", **relu)(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, name="conv4", **relu)(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, name="conv5", **relu)(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.5, name="dropout1")(x)
    x = layers.Dense(4096, name="dense1", **relu)(x)
    x = layers.Dropout(0.5, name="dropout2")(x)
    return layers.Dense(4096, name="dense2", **relu)(x)
