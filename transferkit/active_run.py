"""The run that is being made: where what takes long is saved although nobody passes the run on.

A recipe's own lines call `train`, `fit_baseline` and `compare` without a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from transferkit.runs import Run

_active: ContextVar[Run | None] = ContextVar("transferkit.active_run", default=None)


def active_run() -> Run | None:
    """The run that is being made around this call; None where there is none."""
    return _active.get()


@contextmanager
def making(run: Run) -> Iterator[None]:
    """Make `run` the active one for the calls within."""
    token = _active.set(run)
    try:
        yield
    finally:
        _active.reset(token)
