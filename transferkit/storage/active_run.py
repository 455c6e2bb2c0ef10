"""The active run, in which slow results are saved as soon as they are finished.

The lines of a recipe call `train`, `fit_baseline` and `compare` without a run. Their results are
in the folder all the same when a later line fails or the recipe is stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from transferkit.errors import RunError
from transferkit.runtime.progress import log
from transferkit.storage.run import Run


class ActiveRun:
    """A run in progress, and what was saved in it so far."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.has_network, self.lowest = False, math.inf  # the validation loss of its network
        self.baselines: list[str] = []


_active: ContextVar[ActiveRun | None] = ContextVar("transferkit.storage.active_run", default=None)


def active_run() -> Run | None:
    """Return the active run of this call; None if there is none."""
    active = _active.get()
    return active.run if active else None


@contextmanager
def making(run: Run) -> Iterator[None]:
    """Make `run` the active one for the calls within.

    At the end, the baselines that were saved ahead of it are removed: they are saved by their
    names in the report then. Where an error or Ctrl-C ends it, they stay.
    """
    active = ActiveRun(run)
    token = _active.set(active)
    try:
        yield
    finally:
        _active.reset(token)
    for name in active.baselines:
        (run / "baselines" / f"{name}.skops").unlink(missing_ok=True)


def keep_network(network: Any, save: Callable[[Any, Path], None]) -> None:
    """Save a finished network in the active run: of several, that of the lowest validation loss."""
    active = _active.get()
    if active is None:
        return
    losses = [row.val_loss for row in network.history if row.val_loss is not None]
    loss = min(filter(math.isfinite, losses), default=math.inf)
    if not active.has_network or loss < active.lowest:
        _try(lambda: save(network, active.run.folder))
        active.has_network, active.lowest = True, loss


def keep_baseline(baseline: Any) -> None:
    """Save a finished baseline in the active run."""
    active = _active.get()
    if active is not None:
        active.baselines.append(baseline.name)
        _try(lambda: baseline.save(active.run.folder))


def _try(save: Callable[[], None]) -> None:
    """Save, or log why not: a full disk does not end training."""
    try:
        save()
    except RunError as error:
        log(f"Note: what was finished is not saved yet: {error}")


@contextmanager
def reporting_what_is_left(run: Run) -> Iterator[None]:
    """On an interruption or error within, log what `run` has so far."""
    try:
        yield
    except BaseException:
        if sentence := what_is_left(run):
            log(sentence)
        raise


def what_is_left(run: Run) -> str:
    """Describe what an interrupted run has in its folder, and how to use it.

    Empty where it has no classifier yet, or its report too.
    """
    folder = str(run.folder)
    network = (run / "model.keras").is_file()
    count = len(list((run / "baselines").glob("*.skops")))
    baselines = f"{count} baseline{'s' if count > 1 else ''}" if count else ""
    if not (network or count) or (run / "report.html").is_file():
        return ""
    parts = " and ".join(part for part in ("the network" if network else "", baselines) if part)
    verb = "is" if count + network == 1 else "are"
    start = f"{parts[0].upper()}{parts[1:]} {verb} in {folder!r}"
    if (run / "results.json").is_file():
        next_step = f"`transferkit report {folder}` makes the report"
        return f"{start}, with predictions on the test images: {next_step}."
    option, what = ("", "the network") if network else (" --classifier NAME", "one of them")
    return f"{start}, not scored yet: `transferkit predict {folder} FILES{option}` uses {what}."
