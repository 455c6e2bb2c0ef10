"""Batches of a lesson: crops of its pictures, with the teacher's maps or labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from tools.pocket.config import Lesson
from tools.pocket.dataset import LABELS, shard_paths
from tools.pocket.scenes import SIDE

STRIDE = 16  # pixels of the picture to one of the map
CROP = 64  # pixels: most steps see a part of each picture, in less than half the time
WHOLE = 0.25  # share of the steps that see all of it
MEASURED, MEASURED_BATCH = 10_240, 256  # pictures for the statistics of batch normalisation


def target_width(lesson: Lesson) -> int:
    """Return the number of the teacher's features at each point."""
    first = shard_paths(lesson.folder, "targets", lesson.pictures)[0]
    return int(np.load(first, mmap_mode="r").shape[-1])


def pooled_spread(lesson: Lesson) -> float:
    """Return the variance over pictures of the teacher's pooled features, averaged over these."""
    first = shard_paths(lesson.folder, "targets", lesson.pictures)[0]
    pooled = np.load(first).astype(np.float32).mean(axis=(1, 2))
    return float(pooled.var(axis=0).mean())


def lesson_batches(lesson: Lesson, *, first: int) -> tf.data.Dataset:
    """Return the batches from step `first` on, prefetched."""
    target = tf.TensorSpec([lesson.batch_size], tf.int32)
    if not lesson.labelled:
        target = tf.TensorSpec([lesson.batch_size, None, None, target_width(lesson)], tf.float16)
    pictures = tf.TensorSpec([lesson.batch_size, None, None, 3], tf.uint8)
    batches = tf.data.Dataset.from_generator(
        lambda: _batches(lesson, first), output_signature=(pictures, target)
    )
    return batches.prefetch(4)


def _batches(lesson: Lesson, first: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the pictures and targets of each step, which depend on its number alone."""
    pictures = Shards(shard_paths(lesson.folder, "pictures", lesson.pictures))
    targets = None
    if not lesson.labelled:
        targets = Shards(shard_paths(lesson.folder, "targets", lesson.pictures))
    for step in range(first, lesson.steps):
        rng = np.random.default_rng([lesson.seed, step])
        chosen = rng.integers(lesson.pictures, size=lesson.batch_size)
        size = (SIDE if rng.random() < WHOLE else CROP) // STRIDE
        top, left = rng.integers(SIDE // STRIDE - size + 1, size=2)
        turn = -1 if rng.random() < 0.5 else 1  # flipped, or as it is
        seen = _part(pictures[chosen], top, left, size=size, scale=STRIDE)[:, :, ::turn]
        if targets is None:
            yield seen, (chosen % LABELS).astype(np.int32)
        else:
            yield seen, _part(targets[chosen], top, left, size=size)[:, :, ::turn]


def _part(maps: np.ndarray, top: int, left: int, *, size: int, scale: int = 1) -> np.ndarray:
    """Return the square of `size` at `top` and `left` of `maps`, all in units of `scale`."""
    across, down = (slice(scale * first, scale * (first + size)) for first in (left, top))
    return maps[:, down, across]


def whole_pictures(lesson: Lesson) -> Iterator[np.ndarray]:
    """Yield the first `MEASURED` pictures, `(pictures, SIDE, SIDE, 3)` uint8, in large batches."""
    pictures = Shards(shard_paths(lesson.folder, "pictures", lesson.pictures))
    count = min(MEASURED, lesson.pictures)
    for first in range(0, count, MEASURED_BATCH):
        yield pictures[np.arange(first, min(first + MEASURED_BATCH, count))]


class Shards:
    """Arrays in several files as one, memory-mapped."""

    def __init__(self, paths: list[Path]) -> None:
        self.parts = [np.load(path, mmap_mode="r") for path in paths]
        self.firsts = np.cumsum([0, *(len(part) for part in self.parts[:-1])])

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        part = np.searchsorted(self.firsts, rows, side="right") - 1
        within = rows - self.firsts[part]
        return np.stack([self.parts[p][k] for p, k in zip(part, within, strict=True)])
