"""Networks of dense layers on the pixels, in plain Keras layers."""

from __future__ import annotations

import keras
from keras import layers


def softmax_regression(images: keras.KerasTensor) -> keras.KerasTensor:
    """The pixels as they are: `(images, height, width, 3)` to `(images, height * width * 3)`.

    With the head it is logistic regression of several classes: the linear classifier of LeCun et
    al., Gradient-Based Learning Applied to Document Recognition, 1998, and the one layer of weights
    of Rosenblatt's perceptron.
    """
    return layers.Flatten(name="flatten")(images)


def mlp(images: keras.KerasTensor) -> keras.KerasTensor:
    """Two hidden layers: `(images, height, width, 3)` to `(images, 100)`.

    The fully connected network 28x28-300-100-10 of LeCun et al., 1998.
    """
    x = layers.Flatten(name="flatten")(images)
    x = layers.Dense(300, activation="tanh", name="dense1")(x)
    return layers.Dense(100, activation="tanh", name="dense2")(x)
