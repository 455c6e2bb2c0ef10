"""Checkpoints: the best network so far and its history, in the run folder during training."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from transferkit.data.manifest import Manifest
from transferkit.errors import RunError
from transferkit.models.classifier import build_classifier
from transferkit.models.network import Network
from transferkit.runtime.progress import log
from transferkit.storage.files import write_text
from transferkit.storage.run import Run
from transferkit.training.state import TrainingState

MIN_INTERVAL_FACTOR = 20  # times what the last checkpoint took: they cost 5 % at most


class Checkpoint:
    """Checkpoint of a training in the folder of `run`; without one, nothing is written.

    `replace` allows a model that is in the folder to be replaced before this training ended.
    """

    def __init__(self, manifest: Manifest, run: Run | None, *, replace: bool = True) -> None:
        self.manifest, self.run, self.replace = manifest, run, replace
        self.started = time.perf_counter()
        self.ended, self.seconds = self.started, 0.0  # of the last one: when, and what it took
        self.written = False

    def is_due(self) -> bool:
        """Whether the next checkpoint costs little beside the time it saves."""
        return time.perf_counter() - self.ended >= MIN_INTERVAL_FACTOR * self.seconds

    def write(self, state: TrainingState) -> bool:
        """Save the classifier of `state` as it is now; an error is logged, not raised.

        Returns whether it was saved.
        """
        if self.run is None or not (self.written or self.replace or self._is_free(self.run)):
            return False
        started = time.perf_counter()
        try:
            if not self.written:
                self.run.remove_report()
            network = unfinished_network(state, self.manifest, started - self.started)
            save_network(network, self.run.folder)
        except RunError as error:
            log(f"Note: the network so far is not saved: {error}")
            self.run = None
            return False
        self.ended = time.perf_counter()
        self.seconds, self.written = self.ended - started, True
        return True

    @contextmanager
    def rescuing(self, state: TrainingState) -> Iterator[None]:
        """Save the best network so far if training ends early by any exception, and raise it again.

        Ctrl-C, a time limit and an error are alike in that the epochs before them were not in vain.
        """
        try:
            yield
        except BaseException:
            if state.reached and self.write(state) and self.run:
                log(
                    f"The best network so far ({_reached(state)}) and its history are saved in "
                    f"{str(self.run.folder)!r}."
                )
            raise

    @staticmethod
    def _is_free(run: Run) -> bool:
        return not (run / "model.keras").exists()


class Checkpoints(keras.callbacks.Callback):
    """Callback that writes a checkpoint after an epoch, where there is a better network to save.

    `stopper` has the best weights of the stage; without it, those of the last epoch are saved. It
    comes before this one among the callbacks.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        state: TrainingState,
        stage: str,
        *,
        stopper: keras.callbacks.EarlyStopping | None,
        goal: float,
    ) -> None:
        super().__init__()
        self.checkpoint, self.fit, self.stage, self.stopper = checkpoint, state, stage, stopper
        self.lowest = goal  # the loss of what is saved already

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        state, loss = self.fit, self.fit.best(self.stage)
        if not loss < self.lowest or not self.checkpoint.is_due():
            return
        now = self.model.get_weights()
        if self.stopper is not None and self.stopper.best_weights is not None:
            self.model.set_weights(self.stopper.best_weights)
        before, state.reached = state.reached, self.stage
        self.checkpoint.write(state)
        state.reached = before
        self.model.set_weights(now)
        if self.stopper is not None:
            self.lowest = loss


def unfinished_network(state: TrainingState, manifest: Manifest, seconds: float) -> Network:
    """Return the classifier of `state` as a network whose summary has `interrupted`."""
    config = state.config
    return Network(
        name=config.model.backbone,
        model=in_float32(state, manifest.classes),
        classes=manifest.classes,
        data=config.data,
        fit_seconds=seconds + state.borrowed_seconds,
        summary=dataclasses.replace(
            state.summary, kept_stage=state.reached, interrupted=_reached(state)
        ),
        history=list(state.history),
        engine=config.compute.engine,
    )


def save_network(network: Network, folder: Path) -> None:
    """Write the network and the history of its training into `folder`."""
    network.save(folder)
    write_text(
        folder / "history.csv",
        pd.DataFrame(network.history).to_csv(index=False),
    )


def in_float32(state: TrainingState, classes: Sequence[str]) -> keras.Model:
    """Return the fitted model with a float32 policy; a saved mixed policy would slow down a CPU."""
    if state.device.precision.policy == "float32":
        return state.classifier
    random = dataclasses.replace(state.config.model, weights="none")
    plain = build_classifier(random, tuple(classes), image_size=state.image_size)
    plain.set_weights(state.classifier.get_weights())
    return plain


def _reached(state: TrainingState) -> str:
    """Return the stage and epoch of the classifier, as `fine-tune, epoch 3`."""
    stage, loss = state.reached, state.best(state.reached)
    rows = [row for row in state.history if row.stage == stage]
    epoch = next((row.epoch for row in rows if state.monitored_loss(row) == loss), len(rows))
    what = "validation loss" if len(state.validation) else "loss"
    return f"{stage}, epoch {epoch}, {what} {loss:.3f}"
