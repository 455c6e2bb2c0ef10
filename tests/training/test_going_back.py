"""Which weights a stage that ends early leaves: those of its best epoch, or those before it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from transferkit.config.settings import Config
from transferkit.evaluation.summary import EpochRecord
from transferkit.training.stages import _go_back
from transferkit.training.state import TrainingState

HEAD, BEST, NOW = 1.0, 2.0, 3.0  # the one weight: before the stage, at its best epoch, in its midst


def weights(value: float) -> list[np.ndarray]:
    return [np.full((1, 1), value, np.float32)]


@pytest.mark.parametrize(
    ("before", "head_loss", "losses", "watched", "left", "reached"),
    [
        (True, 0.5, [0.6, 0.4, 0.7], True, BEST, "fine-tune"),
        (True, 0.5, [0.6, 0.5], True, HEAD, "head"),
        (True, 0.5, [], True, HEAD, "head"),
        (True, 0.5, [np.nan], True, HEAD, "head"),
        (True, 0.5, [0.9], False, NOW, "fine-tune"),
        (True, 0.5, [], False, HEAD, "head"),
        (False, None, [0.9, 1.0], True, BEST, "from scratch"),
        (False, None, [], True, NOW, ""),
        (False, None, [np.nan], True, NOW, ""),
    ],
)
def test_a_stage_that_ends_early_leaves_the_best_so_far(
    before: bool,
    head_loss: float | None,
    losses: list[float],
    watched: bool,
    left: float,
    reached: str,
) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights(weights(NOW))
    stage, key = "fine-tune" if before else "from scratch", "val_loss" if watched else "loss"
    rows = [EpochRecord(stage, **{key: loss}) for loss in losses]
    if head_loss is not None:
        rows.insert(0, EpochRecord("head", **{key: head_loss}))
    parts: Any = [0] if watched else []
    nothing: Any = None
    fit = TrainingState(model, Config(), nothing, nothing, parts, history=rows, reached="before")
    stopper = keras.callbacks.EarlyStopping() if watched else None
    if stopper is not None:
        stopper.best_weights = weights(BEST) if losses else None
    _go_back(fit, model, stage, before=weights(HEAD) if before else None, stopper=stopper)
    assert float(model.get_weights()[0][0, 0]) == left
    assert fit.reached == reached
