"""The weights of the best epochs, averaged where that makes one better than each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from transferkit.runtime.progress import log
from transferkit.training.state import TrainingState


class AverageBestEpochs(keras.callbacks.Callback):
    """Keeps the weights after each of the `number` epochs with the lowest validation loss.

    `found` has their losses, epochs (from 1) and weights, the best first.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.found: list[tuple[float, int, list[np.ndarray]]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("val_loss", math.nan)
        worst = self.found[-1][0] if len(self.found) == self.number else math.inf
        if loss < worst:  # which no NaN is
            self.found.append((loss, epoch + 1, self.model.get_weights()))
            self.found = sorted(self.found, key=lambda each: each[0])[: self.number]

    def average(
        self, fit: TrainingState, learner: keras.Model, validation: Any, *, stage: str
    ) -> None:
        """Give `learner` the mean of these weights, if its validation loss is lower with it.

        Weights that were fine-tuned from one start lie in one basin (Wortsman et al., Model soups,
        ICML 2022, arXiv:2203.05482; Izmailov et al., UAI 2018, arXiv:1803.05407).
        """
        if len(self.found) < 2:
            return
        before = learner.get_weights()
        learner.set_weights(self.averaged())
        loss = float(learner.evaluate(validation, verbose=0)[0])
        if not loss < fit.best(stage):
            learner.set_weights(before)
            return
        fit.averaged = loss
        epochs = sorted(epoch for _, epoch, _ in self.found)
        fit.summary = replace(fit.summary, averaged_checkpoints=tuple(epochs))
        listed = ", ".join(map(str, epochs))
        log(f"{stage}: the weights of the epochs {listed} averaged: validation loss {loss:.3f}")

    def averaged(self) -> list[np.ndarray]:
        """The mean of the weights of these epochs."""
        each_epoch = [weights for _, _, weights in self.found]
        return [np.mean(values, axis=0) for values in zip(*each_epoch, strict=True)]
