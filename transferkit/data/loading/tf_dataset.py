"""Images and targets as a tf.data pipeline: decoded in threads, in order, ahead of the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from transferkit.config.settings import DataConfig
from transferkit.data.augmentation.ops import augment, mix
from transferkit.data.augmentation.policies import Policy
from transferkit.data.decoding.decode import THREADS, decode_as

AHEAD = 4  # batches


@dataclass(frozen=True)
class Augmentation:
    """Augmentation of training images, drawn anew in every epoch by a seed.

    With `deferred` the consumer of the batches, such as a GPU, augments: images come as uint8, and
    with each the two numbers that seed the draws of its batch (see `finish_batch`).
    """

    policy: Policy
    mix: str = "none"
    seed: int = 0
    deferred: bool = False


def training_batches(
    paths: Sequence[str],
    targets: np.ndarray,
    image_size: int,
    *,
    data: DataConfig,
    batch_size: int,
    weights: np.ndarray | None = None,
    augmentation: Augmentation | None = None,
) -> tf.data.Dataset:
    """Return batches of (images float32 0..255, targets one-hot[, weights]) for `fit`.

    `targets` is `(images, classes)` float32, `weights` `(images,)` float32. With an
    `augmentation` the order is shuffled anew in every epoch; without one, it is that of `paths`.
    The same seed gives the same batches: an image's draw depends on its index, not on threads.
    """
    weights = np.ones(len(paths), np.float32) if weights is None else weights
    # Constants that are made while `load` is traced are in its graph, which is copied many times:
    # 30,000 images of 1,000 classes took 2 GB more.
    files, every_target = tf.constant(list(map(_as_bytes, paths))), tf.constant(targets)
    every_weight = tf.constant(weights, tf.float32)
    rows = tf.data.Dataset.range(len(paths))
    if augmentation:
        rows = rows.shuffle(len(paths), seed=augmentation.seed)

    def load(row: tf.Tensor) -> tuple[tf.Tensor, ...]:
        image = _decode_op(files[row], image_size, data)
        return image, every_target[row], every_weight[row]

    rows = rows.map(load, num_parallel_calls=THREADS).batch(batch_size)
    if augmentation:
        rows = _augmented(rows, augmentation)
    else:
        rows = rows.map(lambda images, *rest: (tf.cast(images, tf.float32), *rest))
    return ahead_of_steps(rows)


def generated_batches(
    epoch: Callable[[], Iterator[tuple[np.ndarray, ...]]],
    widths: Sequence[int | None],
    *,
    steps: int,
) -> tf.data.Dataset:
    """Return the batches of `epoch`, which is called once per epoch and yields `steps` of them.

    Each batch is of float32 arrays: `(batch, width)`, or `(batch,)` where the width is None.
    """
    shapes = [(None,) if width is None else (None, width) for width in widths]
    signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    batches = tf.data.Dataset.from_generator(epoch, output_signature=signature)
    return ahead_of_steps(batches.apply(tf.data.experimental.assert_cardinality(steps)))


def ahead_of_steps(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Prefetch `batches`, a few of which are made during a step.

    TensorFlow's autotuning of the pipeline is off. Its thread sleeps longer and longer, up to a
    minute, and the end of an epoch waits for it. It is woken just before the cancellation is
    marked; where it checks too early, it sleeps again, with everything idle (TensorFlow 2.21:
    `Model::OptimizeLoop`, `CancellationManager::StartCancelWithStatus`).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.prefetch(AHEAD).with_options(options)


@contextmanager
def naming_bad_files(paths: Sequence[str], image_size: int, data: DataConfig) -> Iterator[None]:
    """Turn the failure of a batch into a `DataError` on the file that caused it.

    TensorFlow's own error is a traceback of its kernels, as text.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise  # of memory: no file is to blame, and looking for one would take minutes
    except tf.errors.OpError:
        for path in paths:
            decode_as(path, image_size, data)
        raise


def _augmented(rows: tf.data.Dataset, augmentation: Augmentation) -> tf.data.Dataset:
    # The counter is shuffled anew in every epoch too, so that no epoch repeats another's draws.
    draws = tf.data.Dataset.random(seed=augmentation.seed, rerandomize_each_iteration=True)

    def change(draw: tf.Tensor, batch: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        images, targets, weights = batch
        seed = tf.stack([tf.cast(augmentation.seed, tf.int64), draw])
        if augmentation.deferred:
            seeds = tf.tile(seed[tf.newaxis], (tf.shape(images)[0], 1))
            return {"images": images, "seeds": seeds}, targets, weights
        return finish_batch(augmentation, seed, batch)

    return tf.data.Dataset.zip(draws, rows).map(change, num_parallel_calls=min(AHEAD, THREADS))


def finish_batch(
    augmentation: Augmentation, seed: tf.Tensor, batch: tuple[tf.Tensor, ...]
) -> tuple[tf.Tensor, ...]:
    """Augment the images, targets and weights of `batch` by `seed`."""
    images, targets, weights = batch
    images = augment(tf.cast(images, tf.float32), augmentation.policy, seed)
    if augmentation.mix != "none":
        # The weight is one more column, so that it is blended as the targets are.
        both = tf.concat([targets, weights[:, tf.newaxis]], axis=1)
        images, both = mix(images, both, augmentation.mix, seed=seed)
        targets, weights = both[:, :-1], both[:, -1]
    return images, targets, weights


def _decode_op(file: tf.Tensor, image_size: int, data: DataConfig) -> tf.Tensor:
    def read(path: bytes) -> np.ndarray:
        name = path.decode("utf-8", errors="surrogateescape")
        return decode_as(name, image_size, data)

    image = tf.numpy_function(read, [file], tf.uint8, stateful=False)
    return tf.ensure_shape(image, (image_size, image_size, 3))


def _as_bytes(path: str) -> bytes:
    return str(path).encode("utf-8", errors="surrogateescape")
