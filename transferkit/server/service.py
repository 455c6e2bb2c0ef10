"""Predictions for the images of requests: decoded in threads, batched, bounded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np
from starlette.requests import Request

from transferkit.data.decoding.image_files import ImageError
from transferkit.server.bodies import read_body
from transferkit.server.capacity import Capacity
from transferkit.server.errors import RequestError
from transferkit.server.metrics import Metrics
from transferkit.server.registry import Registry
from transferkit.server.served_model import ServedModel
from transferkit.server.settings import ServerConfig
from transferkit.server.uploads import Form, read_form, require_room

HELD_REQUESTS = 8  # bodies of the greatest size that are held in memory at once
Value = TypeVar("Value")


class Prediction(NamedTuple):
    """The probabilities of an image, `(classes,)` float32, or why it has none."""

    probabilities: np.ndarray | None
    problem: str = ""


class Service:
    """The served models, and the bounds and threads that all of their requests share."""

    def __init__(self, registry: Registry, config: ServerConfig, metrics: Metrics) -> None:
        self.registry, self.config, self.metrics = registry, config, metrics
        self.images = Capacity(config.queue, "its queue of images is full")
        self.bytes = Capacity(
            HELD_REQUESTS * config.request_bytes, "its memory for requests is used"
        )
        self.decoders = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decoder")
        self.stopping = False
        self.computed = 0  # images so far
        metrics.under_way.set_function(lambda: self.images.used)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """Yield the body of `request`, whose bytes are counted as long as the context is active.

        Raises:
            RequestError: it is too large or too slow, or there is no room for it.
        """
        with self.bytes.lease() as lease:
            yield await read_body(
                request, lease, limit=self.config.request_bytes, timeout=self.config.timeout
            )

    async def in_thread(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Return `function(*arguments)`, computed in a thread of those that decode."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.decoders, function, *arguments)

    async def read_form(self, request: Request, body: bytes) -> Form:
        """Return the images in `body`, as `read_form` in `uploads` reads them."""
        return await self.in_thread(
            lambda: read_form(
                request,
                body,
                max_images=self.images.limit,
                image_bytes=self.config.image_bytes,
            )
        )

    async def predict(
        self, model: ServedModel, images: Sequence[bytes | np.ndarray]
    ) -> list[Prediction]:
        """Return the prediction of each of `images`: contents of files, or decoded ones.

        Raises:
            RequestError: there are too many images for the queue, now (503) or ever (413), or they
                take too long (504).
        """
        require_room(len(images), self.images.limit)
        with self.images.lease(len(images)):
            work = asyncio.gather(*(self._predict(model, image) for image in images))
            try:
                predictions = await asyncio.wait_for(work, self.config.timeout)
            except asyncio.TimeoutError:
                raise RequestError(
                    504, f"The prediction took more than {self.config.timeout:g} seconds."
                ) from None
        self.computed += len(images)
        unreadable = sum(bool(prediction.problem) for prediction in predictions)
        self.metrics.images.labels(model.name, "predicted").inc(len(images) - unreadable)
        self.metrics.images.labels(model.name, "unreadable").inc(unreadable)
        return predictions

    async def _predict(self, model: ServedModel, image: bytes | np.ndarray) -> Prediction:
        if isinstance(image, bytes):
            try:
                image = await self.in_thread(model.decode, image)
            except ImageError as problem:
                return Prediction(None, str(problem))
        return Prediction(await model.batcher.submit(image))

    def close(self) -> None:
        """Let the threads end."""
        self.decoders.shutdown(wait=False, cancel_futures=True)
