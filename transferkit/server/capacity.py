"""Bound on what is under way at once, in images or in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transferkit.server.errors import busy


class Lease:
    """A share of a capacity, which may grow until it is given back."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity, self.amount = capacity, 0

    def grow(self, amount: int) -> None:
        """Take `amount` more.

        Raises:
            RequestError: there is not as much left (503).
        """
        if self.capacity.used + amount > self.capacity.limit:
            raise busy(f"The server is busy: {self.capacity.words}. Try again in a moment.")
        self.amount += amount
        self.capacity.used += amount


class Capacity:
    """An amount of which parts are lent; for one thread, that of the event loop.

    `words` says in a sentence that all of it is lent.
    """

    def __init__(self, limit: int, words: str) -> None:
        self.limit, self.words, self.used = limit, words, 0

    @contextmanager
    def lease(self, amount: int = 0) -> Iterator[Lease]:
        """Lend `amount` until the end of the context.

        Raises:
            RequestError: there is not as much left (503).
        """
        lease = Lease(self)
        try:
            lease.grow(amount)
            yield lease
        finally:
            self.used -= lease.amount
