"""Progress of a stream of items: how many are done, how many in a second, how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transferkit.runtime.progress import in_words, log

FIRST_LINE = 10  # seconds until the first line; each later one comes after twice the time


class Rate:
    """Items done of `total`, which may be unknown, and how fast they are.

    `done` counts items of an earlier process too, which tell nothing of the rate.
    """

    def __init__(self, total: int | None, *, done: int = 0) -> None:
        self.total, self.done, self.before = total, done, done
        self.started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    @property
    def per_second(self) -> float:
        """Items in a second, since the start."""
        return (self.done - self.before) / max(self.seconds, 1e-9)

    def line(self, unit: str) -> str:
        """Return the count, the rate and the time left, in words."""
        of = f" of {self.total:,}" if self.total is not None else ""
        text = f"{self.done:,}{of} {unit}, {self.per_second:,.0f} {unit}/s"
        if self.total is None or self.done == self.before:
            return text
        return f"{text}, about {in_words((self.total - self.done) / self.per_second)} left"


@contextmanager
def shown_rate(rate: Rate, unit: str, *, bar: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function that counts items, and show the `rate` meanwhile.

    On a terminal this is a bar, if `bar`; elsewhere a line after 10 s, 20 s, 40 s and so on.
    """
    if not bar or not sys.stderr.isatty():
        yield _lines(rate, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(rate.line(unit), total=rate.total, completed=rate.done)

        def count(items: int) -> None:
            rate.done += items
            shown.update(task, completed=rate.done, description=rate.line(unit))

        yield count


def _lines(rate: Rate, unit: str) -> Callable[[int], None]:
    due = FIRST_LINE

    def count(items: int) -> None:
        nonlocal due
        rate.done += items
        if rate.seconds >= due and rate.done != rate.total:
            log(f"{rate.line(unit)}.")
            while due <= rate.seconds:
                due *= 2

    return count
