"""What a long job says while it works: always on standard error, never among the results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from transferkit.runtime.printing import shown

Item = TypeVar("Item")
TIMED = 3  # items after the first, which may have to start something, that tell how long all take
LONG = 5  # seconds from which it is worth a line


def log(text: str) -> None:
    """Print the line `text` on standard error, no control character of a name in it."""
    print(shown(text), file=sys.stderr, flush=True)


def show(text: object) -> None:
    """Print the lines of `text` on standard output, no control character of a name in them."""
    print(shown(str(text), lines=True), flush=True)


def track(items: Iterable[Item], total: int, *, doing: str) -> Iterator[Item]:
    """Yield `items`; on a terminal a bar shows how many of `total` are done and how long is left.

    Elsewhere (a log file, a pipe) one line says how long all will take, if that is long, from the
    time of the first items: a bar there is a thousand lines.
    """
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


class Clock:
    """How long `total` items will take, from the first few."""

    def __init__(self, total: int) -> None:
        self.total, self.ticks, self.started = total, 0, 0.0

    def tick(self) -> float | None:
        """Count an item; after the first few, the seconds of all, where that is long."""
        self.ticks += 1
        now = time.perf_counter()
        if self.ticks == 1:
            self.started = now
        if self.ticks != TIMED + 1:
            return None
        seconds = (now - self.started) / TIMED * self.total
        return seconds if seconds >= LONG else None


def in_words(seconds: float) -> str:
    """Roughly so many seconds, or minutes."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
