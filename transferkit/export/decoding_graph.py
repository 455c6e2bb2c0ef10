"""Decoding of image files by TensorFlow, as a part of a SavedModel.

It differs from `transferkit.data.decoding`: EXIF orientation is not applied, alpha is dropped and
not blended on white, 16 bits become their high 8, and only JPEG, PNG, GIF and BMP are read. JPEGs
are decoded at full size, while Pillow shrinks them during decoding.
"""

from __future__ import annotations

import tensorflow as tf

FORMATS = ("JPEG", "PNG", "GIF", "BMP")


def decode_batch(contents: tf.Tensor, image_size: int, resize: str) -> tf.Tensor:
    """Decode `(batch,)` contents of files to `(batch, image_size, image_size, 3)` float32 RGB."""
    return tf.map_fn(
        lambda content: _decode(content, image_size, resize),
        contents,
        fn_output_signature=tf.TensorSpec((image_size, image_size, 3), tf.float32),
    )


def _decode(content: tf.Tensor, image_size: int, resize: str) -> tf.Tensor:
    image = tf.io.decode_image(content, channels=3, expand_animations=False)
    image.set_shape((None, None, 3))
    if resize == "crop":
        image = _centre_square(image)
    # As Pillow's BILINEAR, which smooths when it shrinks, and rounds.
    resized = tf.image.resize(image, (image_size, image_size), antialias=True)
    return tf.clip_by_value(tf.round(resized), 0, 255)


def _centre_square(image: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(image)
    edge = tf.minimum(shape[0], shape[1])
    top, left = (shape[0] - edge) // 2, (shape[1] - edge) // 2
    return tf.image.crop_to_bounding_box(image, top, left, edge, edge)
