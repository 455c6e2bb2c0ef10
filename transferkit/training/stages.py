"""Training in stages: first the head on frozen features, then the unfrozen blocks."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from transferkit.data.loading.tf_dataset import naming_bad_files
from transferkit.evaluation.summary import (
    FINE_TUNE_STAGE,
    HEAD_STAGE,
    SCRATCH_STAGE,
)
from transferkit.models.freezing import (
    layer_decay_multipliers,
    let_statistics_follow,
    unfreeze_blocks,
)
from transferkit.runtime.progress import log
from transferkit.training.activation_cache import cache_activations
from transferkit.training.batches import training_data
from transferkit.training.callbacks import (
    AverageBestEpochs,
    AverageEpochs,
    HistoryLogger,
    early_stopping,
)
from transferkit.training.checkpoint import Checkpoint, Checkpoints
from transferkit.training.head import fit_head
from transferkit.training.optimizers import compile_model
from transferkit.training.state import (
    HeldOut,
    TrainingState,
    require_finite_loss,
    summarise_stage,
)
from transferkit.training.temperature_scaling import loss_gain, validation_logits


def fit_stages(state: TrainingState, checkpoint: Checkpoint | None = None) -> TrainingState:
    """Fit the head, if the backbone is pretrained or stays frozen, and then the unfrozen blocks.

    The best network so far is written to `checkpoint` meanwhile.
    """
    state.activations = cache_activations(state)
    if state.pretrained or state.blocks < len(state.backbone.blocks):
        fit_head(state)
        state.reached = HEAD_STAGE
        if state.blocks and checkpoint:
            checkpoint.write(state)
    if state.blocks:
        fit_blocks(state, checkpoint)
    return state


def fit_blocks(
    state: TrainingState, checkpoint: Checkpoint | None, *, epochs: Sequence[int] = ()
) -> None:
    """Fit the last `state.blocks` blocks and the head on augmented images.

    After a head stage this is fine-tuning, at a lower learning rate; if it does not lower the
    validation loss beyond noise, the weights before it are restored. If it ends early, by an error
    or an interruption, the classifier has the best weights so far. With `epochs` there is no
    choice: training ends after the last of these, and their weights are averaged.
    """
    started, tuning = time.perf_counter(), bool(state.history)
    stage = FINE_TUNE_STAGE if tuning else SCRATCH_STAGE
    before = state.head_weights = state.classifier.get_weights() if tuning else None
    frozen = validation_logits(state) if tuning and len(state.validation) else None
    model, train, validation, images = training_data(state)
    _prepare(state, model, tuning=tuning)
    watched = len(state.validation) > 0
    stopper = early_stopping(state.config.train) if watched else None
    try:
        _learn(
            state,
            model,
            train,
            validation,
            stage=stage,
            stopper=stopper,
            checkpoint=checkpoint,
            epochs=epochs,
        )
    except BaseException:
        _go_back(state, model, stage, before=before, stopper=stopper)
        raise
    summarise_stage(state, stage, started, blocks=state.blocks, images=images)
    if before is None:
        require_finite_loss(state, stage)
    elif not _has_helped(state, frozen):
        state.classifier.set_weights(before)
        state.held_out = frozen
        state.summary = replace(state.summary, kept_stage=HEAD_STAGE, averaged_checkpoints=())
    state.reached = state.summary.kept_stage


def _prepare(state: TrainingState, model: keras.Model, *, tuning: bool) -> None:
    """Unfreeze the last `state.blocks` blocks of the classifier, and compile their `model`.

    With `tuning`, after a head stage, the learning rate is lower, and falls towards the input. A
    head that was solved stays as it is: the scaling of the features is part of its kernel, so that
    Adam's even steps disturb it. On the hand signs the validation loss rose from 0.09 to 0.59 in
    the first epoch where it learnt too, and fell where it did not.
    """
    config = state.config.train
    solved = tuning and state.summary.stages[HEAD_STAGE].solved
    unfreeze_blocks(
        state.classifier,
        state.backbone,
        state.blocks,
        pretrained=state.pretrained,
        head=not solved,
    )
    if state.device.precision.onednn_bfloat16:
        let_statistics_follow(state.classifier)
    factors = (
        layer_decay_multipliers(state.classifier, state.backbone, config.layer_decay)
        if tuning
        else {}
    )
    with state.device.strategy.scope():
        rate = config.fine_tune_learning_rate if tuning else config.learning_rate
        steps = state.train.steps * config.epochs
        compile_model(model, state, learning_rate=rate, steps=steps, factors=factors)


def _learn(
    state: TrainingState,
    model: keras.Model,
    train: Any,
    validation: Any,
    *,
    stage: str,
    stopper: keras.callbacks.EarlyStopping | None,
    checkpoint: Checkpoint | None,
    epochs: Sequence[int],
) -> None:
    """Fit `model` on the batches of `train`, to its best epoch or their average.

    With `epochs`, to the average of these.
    """
    config, tuning = state.config.train, stage == FINE_TUNE_STAGE
    averages = tuning and state.pretrained and stopper and config.average_checkpoints > 1
    best = [AverageBestEpochs(config.average_checkpoints)] if averages else []
    goal = state.best(HEAD_STAGE) if tuning and stopper else math.inf
    saving = (
        [Checkpoints(checkpoint, state, stage, stopper=stopper, goal=goal)] if checkpoint else []
    )
    files = [*state.train.paths, *state.validation.paths]
    with (
        state.device.precision.autocast(),
        naming_bad_files(files, state.image_size, state.config.data),
    ):
        model.fit(
            train,
            shuffle=False,  # the batches are shuffled already
            epochs=config.epochs,
            validation_data=validation if stopper else None,
            callbacks=[
                *([AverageEpochs(epochs)] if epochs else []),
                *best,  # before what restores the best epoch's weights when it stops
                HistoryLogger(stage, state.train.steps, state.history),
                *([stopper] if stopper else []),
                *saving,
            ],
            verbose=0,
        )
        for averaging in best:
            averaging.average(state, model, validation, stage=stage)


def _go_back(
    state: TrainingState,
    model: keras.Model,
    stage: str,
    *,
    before: list[np.ndarray] | None,
    stopper: keras.callbacks.EarlyStopping | None,
) -> None:
    """Restore the best weights so far of a `stage` that ended early.

    `before` are those that it began with, where they are a network already.
    """
    state.reached = "" if before is None else HEAD_STAGE
    loss = state.best(stage)
    better = loss < (state.best(HEAD_STAGE) if before is not None and stopper else math.inf)
    if better and stopper is not None and stopper.best_weights is not None:
        model.set_weights(stopper.best_weights)
        state.reached = stage
    elif better and stopper is None and _has_finite_weights(model):
        state.reached = stage  # without validation images nothing says that an epoch is better
    elif before is not None:
        state.classifier.set_weights(before)


def _has_finite_weights(model: keras.Model) -> bool:
    return all(np.isfinite(values).all() for values in model.get_weights())


def _has_helped(state: TrainingState, frozen: HeldOut | None) -> bool:
    """Return whether fine-tuning lowered the validation loss beyond noise; logged if not.

    `frozen` is of the network before it. Without validation images the losses have to be finite.
    """
    if frozen is None:
        return all(math.isfinite(row.loss) for row in state.history)
    if not math.isfinite(min(state.best(FINE_TUNE_STAGE), state.averaged_loss)):
        log("Fine-tuning diverged: the weights before it are restored.")
        return False
    state.held_out = validation_logits(state)
    low, mean, high = loss_gain(frozen, state.held_out, state.validation.groups)
    if low > 0:
        return True
    log(
        f"Fine-tuning did not lower the validation loss beyond noise (by {mean:.3f}, 95 % interval "
        f"{low:.3f} to {high:.3f}): the weights before it are restored."
    )
    return False
