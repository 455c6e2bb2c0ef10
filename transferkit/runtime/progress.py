"""Progress of long jobs: always on standard error, never among the results."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

from transferkit.runtime.printing import shown

Item = TypeVar("Item")
TIMED_ITEMS = 3  # after the first, which may start something: the estimate is made from them
MIN_LOGGED_SECONDS = 5  # seconds from which an estimate is logged

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def log(text: str) -> None:
    """Print the line `text` on standard error, control characters in names escaped."""
    print(shown(text), file=sys.stderr, flush=True)


@cache  # of the process, as standard error is: who runs several jobs in it reads a line once
def log_once(text: str) -> None:
    """Log the line `text`, unless this process has logged it before."""
    log(text)


def show(text: object) -> None:
    """Print the lines of `text` on standard output, control characters in names escaped."""
    print(shown(str(text), lines=True), flush=True)


def track(items: Iterable[Item], total: int, *, doing: str) -> Iterator[Item]:
    """Yield `items`; on a terminal, show a bar with the number done and the time left.

    Elsewhere (a log file, a pipe) one line estimates the time of all from the first items, if that
    is long: a bar there would be a thousand lines. Within `quiet_progress`, and in threads beside
    the main one, which cannot have a bar each, nothing is shown.
    """
    if _quiet.get() or threading.current_thread() is not threading.main_thread():
        yield from items
        return
    if not sys.stderr.isatty():
        clock = Clock(total)
        for item in items:
            yield item
            if (seconds := clock.tick()) is not None:
                log(f"{doing}: about {in_words(seconds)}.")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import track as rich_track

    console = Console(stderr=True)
    yield from rich_track(items, escape(shown(doing)), total=total, console=console, transient=True)


@contextmanager
def quiet_progress() -> Iterator[None]:
    """While active, `track` shows nothing: what is done is a part of a larger work."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


class Clock:
    """Estimate of the time of `total` items, from the first few."""

    def __init__(self, total: int) -> None:
        self.total, self.ticks, self.started = total, 0, 0.0

    def tick(self) -> float | None:
        """Count an item; after the first few, return the seconds of all, if that is long."""
        self.ticks += 1
        now = time.perf_counter()
        if self.ticks == 1:
            self.started = now
        if self.ticks != TIMED_ITEMS + 1:
            return None
        seconds = (now - self.started) / TIMED_ITEMS * self.total
        return seconds if seconds >= MIN_LOGGED_SECONDS else None


def in_words(seconds: float) -> str:
    """Return a duration in round seconds or minutes."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
