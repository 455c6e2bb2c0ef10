"""Images and targets as a tf.data pipeline: decoded in threads, in order, ahead of the step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from transferkit.config import DataConfig
from transferkit.data.augment import augment, mix
from transferkit.data.decode import decode
from transferkit.data.policies import Policy

SHUFFLED = 2**16  # images whose order is drawn at once: paths, not pixels, so that it costs nothing


@dataclass(frozen=True)
class Augmentation:
    """What is done to training images, anew in every epoch, and the seed that decides it."""

    policy: Policy
    mix: str = "none"
    seed: int = 0


def image_batches(
    paths: Sequence[str], side: int, data: DataConfig, *, batch: int
) -> tf.data.Dataset:
    """The images in `paths`, in order, as batches `(batch, side, side, 3)` uint8."""
    files = tf.data.Dataset.from_tensor_slices(list(map(_as_bytes, paths)))
    return _decoded(files, side, data).batch(batch).prefetch(tf.data.AUTOTUNE)


def training_batches(
    paths: Sequence[str],
    targets: np.ndarray,
    side: int,
    *,
    data: DataConfig,
    batch: int,
    weights: np.ndarray | None = None,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Batches of (images float32 0..255, targets one-hot[, weights]) for `fit`.

    `targets` is `(images, classes)` float32, `weights` `(images,)` float32. With an
    `augmentation` the order is drawn anew in every epoch; without one, all is as given. The same
    seed gives the same batches: every image's draw depends on its place alone, not on threads.
    """
    weights = np.ones(len(paths), np.float32) if weights is None else weights
    files = tf.data.Dataset.from_tensor_slices(list(map(_as_bytes, paths)))
    rows = tf.data.Dataset.zip(
        files, tf.data.Dataset.from_tensor_slices((targets, weights.astype(np.float32)))
    )
    if augmentation:
        rows = rows.shuffle(min(len(paths), SHUFFLED), seed=augmentation.seed)

    def load(file: tf.Tensor, rest: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        return (_decode_op(file, side, data), *rest)

    rows = rows.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(batch)
    if augmentation:
        rows = _augmented(rows, augmentation)
    else:
        rows = rows.map(lambda images, *rest: (tf.cast(images, tf.float32), *rest))
    return rows.prefetch(tf.data.AUTOTUNE)


def _augmented(rows: tf.data.Dataset, augmentation: Augmentation) -> tf.data.Dataset:
    # The counter is shuffled anew in every epoch too, so that no epoch repeats another's draws.
    draws = tf.data.Dataset.random(seed=augmentation.seed, rerandomize_each_iteration=True)

    def change(draw: tf.Tensor, batch: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        images, targets, weights = batch
        seed = tf.stack([tf.cast(augmentation.seed, tf.int64), draw])
        images = augment(tf.cast(images, tf.float32), augmentation.policy, seed)
        if augmentation.mix != "none":
            images, targets = mix(images, targets, augmentation.mix, seed=seed)
        return images, targets, weights

    return tf.data.Dataset.zip(draws, rows).map(change, num_parallel_calls=tf.data.AUTOTUNE)


def _decoded(files: tf.data.Dataset, side: int, data: DataConfig) -> tf.data.Dataset:
    return files.map(lambda file: _decode_op(file, side, data), num_parallel_calls=tf.data.AUTOTUNE)


def _decode_op(file: tf.Tensor, side: int, data: DataConfig) -> tf.Tensor:
    def read(path: bytes) -> np.ndarray:
        name = path.decode("utf-8", errors="surrogateescape")
        return decode(name, side, resize=data.resize, max_pixels=data.max_pixels)

    image = tf.numpy_function(read, [file], tf.uint8, stateful=False)
    return tf.ensure_shape(image, (side, side, 3))


def _as_bytes(path: str) -> bytes:
    return str(path).encode("utf-8", errors="surrogateescape")
