"""A Keras model as a TensorFlow function of uint8 images, traced or folded, in any precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def trace(model: keras.Model, *, in_float32: bool = False) -> tf.types.experimental.GenericFunction:
    """`model` as a function from uint8 RGB to a list of float32 outputs, in its own precision.

    With `in_float32` it computes in that, whatever the dtype policy that it was built with.
    """

    def call(images: tf.Tensor) -> list[tf.Tensor]:
        with _as_float32(model) if in_float32 else nullcontext():
            outputs = model(tf.cast(images, tf.float32), training=False)
        return [tf.cast(output, tf.float32) for output in keras.tree.flatten(outputs)]

    signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.uint8)
    return tf.function(call, input_signature=[signature])


def frozen_graph(
    function: tf.types.experimental.ConcreteFunction,
) -> tf.types.experimental.GenericFunction:
    """`function` with its variables as constants.

    Batch normalisation then melts into the convolutions: twice the images per second.
    """
    constant = convert_variables_to_constants_v2(function)
    (images,) = constant.inputs
    signature = [tf.TensorSpec(images.shape, images.dtype)]
    return tf.function(lambda images: constant(images), input_signature=signature)


@contextmanager
def _as_float32(model: keras.Model) -> Iterator[None]:
    """Context in which the layers of `model` compute in float32; their policies are restored."""
    before = [(layer, layer.dtype_policy) for layer in _layers(model)]
    mixed = [pair for pair in before if pair[1].compute_dtype != "float32"]
    for layer, _ in mixed:
        layer.dtype_policy = "float32"
    try:
        yield
    finally:
        for layer, policy in mixed:
            layer.dtype_policy = policy


def _layers(layer: keras.Layer) -> Iterator[keras.Layer]:
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from _layers(inner)


def has_gpu() -> bool:
    """Whether TensorFlow computes on one; asking does not start it."""
    return bool(tf.config.get_visible_devices("GPU"))
