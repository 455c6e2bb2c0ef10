"""Callbacks of training: one line per epoch, a progress bar within it, and the history."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from transferkit.config.settings import TrainConfig
from transferkit.evaluation.summary import FINE_TUNE_STAGE, EpochRecord
from transferkit.runtime.progress import Clock, in_words, log
from transferkit.training.state import TrainingState


class HistoryLogger(keras.callbacks.Callback):
    """Callback that appends an `EpochRecord` to `history` and logs it."""

    def __init__(self, stage: str, steps: int, history: list[EpochRecord]) -> None:
        super().__init__()
        self.stage, self.steps, self.history = stage, steps, history
        self.started = 0.0
        self.bar: Any = None
        self.clock = Clock(0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        steps = self.steps * int(self.params["epochs"])
        self.clock = Clock(math.ceil(steps / self.model.steps_per_execution))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.started = time.perf_counter()
        if sys.stderr.isatty():
            self.bar = _bar(f"{self.stage}, epoch {epoch + 1}", self.steps)

    def on_train_batch_end(self, batch_size: int, logs: dict[str, Any] | None = None) -> None:
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=batch_size + 1)
        if (seconds := self.clock.tick()) is not None:
            epochs = int(self.params["epochs"])
            counted = "1 epoch" if epochs == 1 else f"{epochs} epochs"
            hint = " --preset fast leaves it out." if self.stage == FINE_TUNE_STAGE else ""
            log(f"{self.stage}: about {in_words(seconds)} for {counted}, if all are needed.{hint}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._drop_bar()
        names = ("loss", "accuracy", "val_loss", "val_accuracy")
        row = EpochRecord(
            self.stage,
            epoch + 1,
            **{name: float(logs[name]) for name in names if logs and name in logs},
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=time.perf_counter() - self.started,
        )
        self.history.append(row)
        log(f"{row.stage}, epoch {row.epoch} of {self.params['epochs']}: {describe_epoch(row)}")
        if not math.isfinite(row.loss):
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._drop_bar()

    def _drop_bar(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def early_stopping(train: TrainConfig) -> keras.callbacks.EarlyStopping:
    """Return a callback that stops a stage by its validation loss and restores the best weights."""
    return keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=train.patience, restore_best_weights=True
    )


def describe_epoch(row: EpochRecord, held_out: str = "validation loss") -> str:
    """Return the losses, the held-out accuracy and the time of an epoch as the end of a line.

    `held_out` names `val_loss`.
    """
    text = f"loss {row.loss:.3f}"
    if row.val_loss is not None and row.val_accuracy is not None:
        text += f", {held_out} {row.val_loss:.3f}, accuracy {100 * row.val_accuracy:.1f} %"
    return f"{text}, {row.seconds:.1f} s"


def _bar(doing: str, total: int) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    bar.add_task(doing, total=total)
    bar.start()
    return bar


class AverageBestEpochs(keras.callbacks.Callback):
    """Keeps the weights after each of the `number` epochs with the lowest validation loss.

    `best` has their losses, epochs (from 1) and weights, the best first.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.best: list[tuple[float, int, list[np.ndarray]]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("val_loss", math.nan)
        worst = self.best[-1][0] if len(self.best) == self.number else math.inf
        if loss < worst:  # which no NaN is
            self.best.append((loss, epoch + 1, self.model.get_weights()))
            self.best = sorted(self.best, key=lambda entry: entry[0])[: self.number]

    def average(
        self, state: TrainingState, model: keras.Model, validation: Any, *, stage: str
    ) -> None:
        """Give `model` the mean of these weights, if that lowers its validation loss.

        Weights that were fine-tuned from one start lie in one basin (Wortsman et al., Model soups,
        ICML 2022, arXiv:2203.05482; Izmailov et al., UAI 2018, arXiv:1803.05407).
        """
        if len(self.best) < 2:
            return
        before = model.get_weights()
        model.set_weights(self.averaged())
        loss = float(model.evaluate(validation, verbose=0)[0])
        if not loss < state.best(stage):
            model.set_weights(before)
            return
        state.averaged_loss = loss
        epochs = sorted(epoch for _, epoch, _ in self.best)
        state.summary = replace(state.summary, averaged_checkpoints=tuple(epochs))
        listed = ", ".join(map(str, epochs))
        log(f"{stage}: the weights of the epochs {listed} are averaged: validation loss {loss:.3f}")

    def averaged(self) -> list[np.ndarray]:
        """Return the mean of the weights of these epochs."""
        weights_by_epoch = [weights for _, _, weights in self.best]
        return [np.mean(values, axis=0) for values in zip(*weights_by_epoch, strict=True)]


class AverageEpochs(keras.callbacks.Callback):
    """Callback that stops after the last of `epochs` (from 1) with the mean of their weights."""

    def __init__(self, epochs: Sequence[int]) -> None:
        super().__init__()
        self.epochs = tuple(epochs)
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch + 1 in self.epochs:
            now = self.model.get_weights()
            so_far = self.weights or [np.zeros_like(values) for values in now]
            self.weights = [old + new for old, new in zip(so_far, now, strict=True)]
        if epoch + 1 >= max(self.epochs):
            self.model.set_weights([values / len(self.epochs) for values in self.weights])
            self.model.stop_training = True
