"""Dynamic batching: images that arrive while the engine is busy are computed together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

Compute = Callable[[np.ndarray], np.ndarray]
"""From `(images, side, side, 3)` uint8 RGB to `(images, classes)` float32."""


class Waiting(NamedTuple):
    """A waiting image, its time of arrival by the clock of the loop, and the future of its row."""

    image: np.ndarray
    since: float
    row: asyncio.Future[np.ndarray]


class Batcher:
    """Queue of decoded images for `compute`, which up to `workers` threads call in parallel.

    If all threads are idle, an image is computed at once. If some are busy, images wait until there
    are `max_batch` of them, or the first has waited for `window` seconds. If all are busy, they
    wait for a thread. The methods are called in the thread of the event loop.
    """

    def __init__(
        self,
        compute: Compute,
        *,
        max_batch: int,
        window: float = 0.0,
        workers: int = 1,
        observe: Callable[[int], None] = lambda size: None,
    ) -> None:
        self.compute, self.max_batch, self.window, self.workers = (
            compute,
            max_batch,
            window,
            workers,
        )
        self.observe = observe
        self._waiting: deque[Waiting] = deque()
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="engine")

    def submit(self, image: np.ndarray) -> asyncio.Future[np.ndarray]:
        """Queue `image` and return the future of its probabilities, `(classes,)` float32."""
        loop = asyncio.get_running_loop()
        row: asyncio.Future[np.ndarray] = loop.create_future()
        self._waiting.append(Waiting(image, loop.time(), row))
        self._start(loop)
        return row

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start batches in idle threads, unless the images should wait for others."""
        while self._waiting and self._busy < self.workers:
            due = self._waiting[0].since + self.window
            if self._busy and len(self._waiting) < self.max_batch and loop.time() < due:
                if self._timer is None:
                    self._timer = loop.call_at(due, self._expire, loop)
                return
            size = min(len(self._waiting), self.max_batch)
            batch = [self._waiting.popleft() for _ in range(size)]
            # A row is done already after a time limit or a closed connection.
            batch = [item for item in batch if not item.row.done()]
            if batch:
                self._run(loop, batch)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        self._start(loop)

    def _run(self, loop: asyncio.AbstractEventLoop, batch: list[Waiting]) -> None:
        self._busy += 1
        self.observe(len(batch))
        images = [item.image for item in batch]
        computed = loop.run_in_executor(self._threads, self._rows, images)
        computed.add_done_callback(lambda done: self._finish(loop, batch, done))

    def _rows(self, images: list[np.ndarray]) -> np.ndarray:
        return self.compute(images[0][None] if len(images) == 1 else np.stack(images))

    def _finish(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: list[Waiting],
        computed: asyncio.Future[np.ndarray],
    ) -> None:
        self._busy -= 1
        error = computed.exception()
        for index, item in enumerate(batch):
            if item.row.done():
                continue
            if error is None:
                item.row.set_result(computed.result()[index])
            else:
                item.row.set_exception(error)
        self._start(loop)
