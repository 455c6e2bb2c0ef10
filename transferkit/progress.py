"""What a long job says while it works: always on standard error, never among the results."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def say(text: str) -> None:
    """Print `text` on standard error, as it is."""
    print(text, file=sys.stderr, flush=True)


def track(items: Iterable[Item], total: int, *, doing: str) -> Iterator[Item]:
    """Yield `items`; on a terminal a bar shows how many of `total` are done and how long is left.

    Elsewhere (a log file, a pipe) nothing is drawn: a bar there is a thousand lines.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    console = Console(stderr=True)
    yield from rich_track(items, doing, total=total, console=console, transient=True)
