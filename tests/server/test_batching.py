"""Batches grow while the engine is busy, and only then."""

import asyncio
import threading
import time

import numpy as np
import pytest

from transferkit.server.batching import Batcher


def image(value):
    return np.full((2, 2, 3), value, np.uint8)


def means(images):
    return images.mean(axis=(1, 2, 3))[:, None]


class Gate:
    """A computation that waits until it is let through."""

    def __init__(self):
        self.open = threading.Event()

    def __call__(self, images):
        self.open.wait(10)
        return means(images)


def batches(submitted, *, gated=True, **options):
    """The sizes of batches when `submitted` images come while the first is computed."""
    sizes, gate = [], Gate()

    async def work():
        batcher = Batcher(gate if gated else means, observe=sizes.append, **options)
        rows = [batcher.submit(image(value)) for value in range(submitted)]
        await asyncio.sleep(0.05)
        gate.open.set()
        return [float(row[0]) for row in await asyncio.gather(*rows)]

    assert asyncio.run(work()) == list(range(submitted))
    return sizes


def test_an_image_alone_is_computed_at_once():
    async def work():
        batcher = Batcher(means, max_batch=8, window=5.0)
        started = time.monotonic()
        await batcher.submit(image(7))
        return time.monotonic() - started

    assert asyncio.run(work()) < 1


def test_images_that_come_meanwhile_are_computed_together():
    assert batches(6, max_batch=8) == [1, 5]


def test_a_batch_is_bounded():
    assert batches(12, max_batch=4) == [1, 4, 4, 3]


def test_an_idle_thread_waits_for_a_full_batch_until_the_window_ends():
    assert batches(4, max_batch=8, window=0.01, workers=2) == [1, 3]


def test_a_full_batch_does_not_wait():
    assert batches(6, max_batch=3, window=60.0, workers=2)[:2] == [1, 3]


def test_an_error_is_that_of_every_image_of_the_batch_and_of_no_other():
    def refuse(images):
        if images.max() > 1:
            raise ValueError("too bright")
        return means(images)

    async def work():
        batcher = Batcher(refuse, max_batch=8)
        with pytest.raises(ValueError, match="too bright"):
            await batcher.submit(image(2))
        return float((await batcher.submit(image(1)))[0])

    assert asyncio.run(work()) == 1


def test_an_image_that_nobody_waits_for_any_more_is_left_out():
    sizes, gate = [], Gate()

    async def work():
        batcher = Batcher(gate, max_batch=8, observe=sizes.append)
        rows = [batcher.submit(image(value)) for value in range(4)]
        rows[2].cancel()
        gate.open.set()
        await asyncio.gather(rows[0], rows[1], rows[3])

    asyncio.run(work())
    assert sizes == [1, 2]
