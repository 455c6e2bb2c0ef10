"""Convolutions that learn faster: their gradients as products of matrices, in bfloat16."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

WIDE = 128  # channels, in and out
SMALL = 400  # pixels of a map

Convolution = Callable[[Any, Any], tf.Tensor]
"""From maps `(images, height, width, channels)` and a kernel to maps."""


@contextmanager
def gradients_by_products(model: keras.Model) -> Iterator[None]:
    """Within it, `model` computes what it did, and what is late in it learns faster.

    Where maps are small and channels many, oneDNN computes the gradients of a convolution slower
    than the products of matrices that they are: that of a kernel of 3 × 3, from 512 channels to
    512, on 32 maps of 7 × 7 took 21 ms, its nine products 11. On large maps it is the other way
    round (64 channels on 56 × 56: 14 and 31 ms), so those are left as they are.

    The gradients are rounded to bfloat16, as oneDNN's are where it computes in that.
    """
    layers = [each for each in model._flatten_layers() if _is_plain(each)]
    for layer in layers:
        layer.convolution_op = _convolution(layer.strides, layer.padding.upper())
    try:
        yield
    finally:
        for layer in layers:
            del layer.convolution_op  # that of its class is there again


def _is_plain(layer: Any) -> bool:
    return (
        type(layer) is keras.layers.Conv2D
        and layer.trainable
        and layer.groups == 1
        and layer.dilation_rate == (1, 1)
        and layer.data_format == "channels_last"
    )


def _convolution(strides: tuple[int, int], padding: str) -> Convolution:
    @tf.custom_gradient
    def with_products(maps: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Any]:
        def gradients(change: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            if kernel.shape[:2] == [1, 1] and strides == (1, 1):
                of_maps = _of_maps(change, maps, kernel)
            else:  # oneDNN's own is as fast
                shape = tf.shape(maps)
                of_maps = tf.nn.conv2d_transpose(change, kernel, shape, strides, padding)
            return of_maps, _of_kernel(change, maps, kernel, strides=strides, padding=padding)

        return tf.nn.conv2d(maps, kernel, strides, padding), gradients

    def choose(maps: Any, kernel: Any) -> tf.Tensor:
        maps, kernel = tf.convert_to_tensor(maps), tf.convert_to_tensor(kernel)
        if _gains(maps.shape, kernel.shape, strides):
            return with_products(maps, kernel)
        return tf.nn.conv2d(maps, kernel, strides, padding)

    return choose


def _gains(maps: Sequence[Any], kernel: Sequence[int], strides: tuple[int, int]) -> bool:
    """Whether products are the faster. With strides, of a kernel of one pixel alone."""
    _, height, width, _ = maps
    down, across, *channels = kernel
    small = None not in (height, width) and height * width <= SMALL
    return small and min(channels) >= WIDE and (strides == (1, 1) or (down, across) == (1, 1))


def _of_maps(change: tf.Tensor, maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The gradient of the maps, by that of what a kernel of one pixel made of them."""
    product = tf.matmul(_rows(change), _rows(kernel), transpose_b=True)
    return tf.reshape(tf.cast(product, maps.dtype), tf.shape(maps))


def _of_kernel(
    change: tf.Tensor, maps: tf.Tensor, kernel: tf.Tensor, *, strides: tuple[int, int], padding: str
) -> tf.Tensor:
    """The gradient of the kernel: of each of its pixels, what it met by the `change` there."""
    height, width = kernel.shape[:2]
    down, across = strides
    rows, columns = change.shape[1:3]
    met = tf.cast(maps, tf.bfloat16)
    if padding == "SAME":  # with strides, of one pixel: nothing is added
        above, left = (height - 1) // 2, (width - 1) // 2
        met = tf.pad(met, [(0, 0), (above, height - 1 - above), (left, width - 1 - left), (0, 0)])
    changes = _rows(change)
    products = [
        tf.matmul(
            _rows(
                met[
                    :,
                    top : top + rows * down : down,
                    image_size : image_size + columns * across : across,
                ]
            ),
            changes,
            transpose_a=True,
        )
        for top in range(height)
        for image_size in range(width)
    ]
    return tf.reshape(tf.cast(tf.stack(products), kernel.dtype), kernel.shape)


def _rows(values: tf.Tensor) -> tf.Tensor:
    """A matrix with the channels of `values` as its columns."""
    return tf.reshape(tf.cast(values, tf.bfloat16), (-1, values.shape[-1]))
