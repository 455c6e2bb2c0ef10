"""Predictions for the images of requests: decoded in threads, batched, within limits."""

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

HELD_REQUESTS = 8  # bodies of the greatest size that fit into memory at once
Value = TypeVar("Value")


class Prediction(NamedTuple):
    """The probabilities of an image, `(classes,)` float32, or the problem of the image."""

    probabilities: np.ndarray | None
    problem: str = ""


class Service:
    """The served models, with the limits and threads that their requests share."""

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
            RequestError: it is too large or too slow, or too many bytes are in memory.
        """
        with self.bytes.lease() as lease:
            yield await read_body(
                request, lease, limit=self.config.request_bytes, timeout=self.config.timeout
            )

    async def in_thread(self, function: Callable[..., Value], *arguments: Any) -> Value:
        """Return `function(*arguments)`, computed in a decoder thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.decoders, function, *arguments)

    async def read_form(self, request: Request, body: bytes) -> Form:
        """Return the images in `body`, parsed by `read_form` of `uploads` in a thread."""
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
            RequestError: the queue is full (503), the request has more images than the queue takes
                (413), or the prediction takes too long (504).
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
        """Stop the threads."""
        self.decoders.shutdown(wait=False, cancel_futures=True)
