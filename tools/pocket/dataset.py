"""Drawn pictures of a lesson, saved in shards, so that a stopped lesson resumes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tools.pocket.scenes import SIDE, draw_labelled, draw_scene
from transferkit.runtime.progress import log, track
from transferkit.storage.files import written_atomically

SHARD = 2_000  # pictures in a file: 55 MB
LABELS = 1_000  # of the labelled pictures


def draw_pictures(
    folder: Path,
    count: int,
    *,
    labelled: bool,
    workers: int | None = None,
    shard_size: int = SHARD,
) -> None:
    """Draw the pictures 0..`count` - 1 into `folder`, those that are not there yet.

    Picture `n` of a labelled lesson has the label `n % LABELS`.
    """
    paths = shard_paths(folder, "pictures", count, shard_size)
    firsts = _firsts(count, shard_size)
    missing = [
        (path, first) for path, first in zip(paths, firsts, strict=True) if not path.exists()
    ]
    if not missing:
        return
    log(f"Drawing {count:,} pictures of {SIDE} px.")
    draw = partial(_draw_shard, labelled=labelled)
    with _processes(workers) as run:
        numbers = [range(first, min(first + shard_size, count)) for _, first in missing]
        drawn = track(run(draw, numbers), len(missing), doing="Drawing")
        for (path, _), pictures in zip(missing, drawn, strict=True):
            save_array(path, pictures)


def shard_paths(folder: Path, kind: str, count: int, shard_size: int = SHARD) -> list[Path]:
    """Return the files of `count` pictures or targets (`kind`), in order."""
    firsts = _firsts(count, shard_size)
    return [folder / f"{kind}-{first // shard_size:04}.npy" for first in firsts]


def save_array(path: Path, array: np.ndarray) -> None:
    """Write `array` as a .npy file, whole or not at all."""
    with written_atomically(path) as temporary:
        np.save(temporary, array)


def _firsts(count: int, shard_size: int) -> range:
    return range(0, count, shard_size)


def _draw_shard(numbers: range, *, labelled: bool) -> np.ndarray:
    if labelled:
        return np.stack([draw_labelled(number, number % LABELS) for number in numbers])
    return np.stack([draw_scene(number) for number in numbers])


@contextmanager
def _processes(workers: int | None) -> Iterator[Callable[..., Iterator[np.ndarray]]]:
    """Yield a `map` over `workers` processes, one per core if None; with one, over this alone."""
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield map
        return
    # Not by fork: TensorFlow's threads would not survive it.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map
