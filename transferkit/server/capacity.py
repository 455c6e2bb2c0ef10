"""Limit on the images, or on the bytes, that are in progress at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transferkit.server.errors import busy


class Lease:
    """A part of a capacity that is in use; it may grow."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity, self.amount = capacity, 0

    def grow(self, amount: int) -> None:
        """Take `amount` more.

        Raises:
            RequestError: less than that is left (503).
        """
        if self.capacity.used + amount > self.capacity.limit:
            raise busy(f"The server is busy: {self.capacity.words}. Try again in a moment.")
        self.amount += amount
        self.capacity.used += amount


class Capacity:
    """A limited amount, parts of which are leased; only for the thread of the event loop.

    `words` is the clause of the error if nothing is left.
    """

    def __init__(self, limit: int, words: str) -> None:
        self.limit, self.words, self.used = limit, words, 0

    @contextmanager
    def lease(self, amount: int = 0) -> Iterator[Lease]:
        """Lease `amount` while the context is active.

        Raises:
            RequestError: less than that is left (503).
        """
        lease = Lease(self)
        try:
            lease.grow(amount)
            yield lease
        finally:
            self.used -= lease.amount
