"""Batches of images, decoded by threads ahead of their consumer."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import THREADS, decode_as, decode_with_key

MIN_AHEAD = 4  # images per thread that are decoded ahead
CHUNK = 4  # images per task of a thread: a task takes a tenth of the time to decode one


def decoded_batches(
    paths: Sequence[str],
    image_size: int,
    data: DataConfig,
    *,
    batch_size: int,
    ahead: int | None = None,
    keys: list[bytes] | None = None,
) -> Generator[np.ndarray, None, None]:
    """Yield the images in `paths`, in order, as batches `(batch, side, side, 3)` uint8.

    The last batch may be shorter. `ahead` batches are decoded, or being decoded, beyond the one
    that was taken last; by default, as many as keep every thread busy. Into `keys`, each image's
    `content_key` is written, of the bytes that were decoded, before its batch is yielded. Closing
    the generator early ends the threads.

    Raises:
        DataError: a file cannot be read; raised when its batch is due.
    """
    ahead = 1 + -(-MIN_AHEAD * THREADS // batch_size) if ahead is None else ahead
    waiting: deque[tuple[np.ndarray, list[Future[None]]]] = deque()
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="decode")

    def read(images: np.ndarray, first: int) -> None:
        for number, slot in enumerate(images, first):
            if keys is None:
                slot[...] = decode_as(paths[number], image_size, data)
            else:
                slot[...], keys[number] = decode_with_key(paths[number], image_size, data)

    def begin(first: int) -> None:
        images = np.empty(
            (len(paths[first : first + batch_size]), image_size, image_size, 3), np.uint8
        )
        starts = range(0, len(images), CHUNK)
        parts = [pool.submit(read, images[start:][:CHUNK], first + start) for start in starts]
        waiting.append((images, parts))

    try:
        for first in range(0, len(paths), batch_size):
            begin(first)
            if len(waiting) > ahead:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(images: np.ndarray, parts: Sequence[Future[None]]) -> np.ndarray:
    for part in parts:
        part.result()
    return images
