"""Training in stages: first the head on frozen features, then the unfrozen blocks."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import is_pretrained, resolve_model
from transferkit.backbones.spec import blocks_to_unfreeze
from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.class_weights import class_weights
from transferkit.data.loading.tf_dataset import naming_bad_files
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import (
    FINE_TUNE_STAGE,
    HEAD_STAGE,
    SCRATCH_STAGE,
    ClassWeights,
    TrainingSummary,
)
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.inference.devices import Device
from transferkit.models.classifier import build_classifier, parameters
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
from transferkit.training.dataset import read_split, read_validation
from transferkit.training.head import fit_head
from transferkit.training.optimizers import compile_model
from transferkit.training.state import (
    HeldOut,
    TrainingState,
    require_finite_loss,
    summarise_stage,
)
from transferkit.training.temperature_scaling import loss_gain, validation_logits

FITTED_ON = ("train", "validation")  # the splits that the chosen network is fitted on in the end
MIN_FINE_TUNE_IMAGES = 3_000  # docs/benchmarks.md: with fewer it was not better beyond noise


def start_fit(
    manifest: Manifest, config: Config, device: Device, *, pool: ExtractorPool = DEFAULT_POOL
) -> TrainingState:
    """Build a classifier for the classes of `manifest`, and return the state of its training.

    Raises:
        ConfigError: a name or setting that does not fit the backbone.
    """
    find_policy(config.train.augment)
    config = dataclasses.replace(config, model=resolve_model(config.model))
    row, pretrained = find_backbone(config.model.backbone), is_pretrained(config.model)
    blocks = blocks_to_unfreeze(row, config.train.unfreeze, pretrained=pretrained)
    keras.utils.set_random_seed(config.seed)
    with device.building():
        classifier = build_classifier(
            config.model, manifest.classes, image_size=config.data.image_size
        )
    by_class = class_weights(manifest, config.train)
    if by_class is not None:
        log("The classes are imbalanced: training uses class weights.")
    batch, replicas = config.train.batch_size, device.replicas
    train = read_split(manifest, "train", by_class=by_class, batch_size=batch, replicas=replicas)
    validation = read_validation(manifest, batch, replicas)
    weighed: ClassWeights = "none" if by_class is None else "balanced"
    both = read_split(
        manifest,
        *FITTED_ON,
        by_class=class_weights(manifest, config.train, FITTED_ON),
        batch_size=batch,
        replicas=replicas,
    )
    summary = TrainingSummary(
        weighed, device=device.line, parameters=parameters(classifier), fitted_on=FITTED_ON[0]
    )
    return TrainingState(
        classifier,
        config,
        device,
        train,
        validation,
        everything=both if config.train.refit and len(validation) else None,
        blocks=_worthwhile(blocks, config, len(train)),
        summary=summary,
        pool=pool,
    )


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


def _worthwhile(blocks: int, config: Config, images: int) -> int:
    """Return how many of `blocks` to fine-tune with so many training images: logged if none."""
    if not is_pretrained(config.model) or config.train.unfreeze != "auto":
        return blocks
    if images >= MIN_FINE_TUNE_IMAGES:
        return blocks
    log(
        f"Fine-tuning is not tried: there are {images:,} training images, and with fewer than "
        f"{MIN_FINE_TUNE_IMAGES:,} it seldom pays. --train.unfreeze last tries it."
    )
    return 0


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

    With `tuning`, after a head stage, the learning rate is lower, and falls towards the input.
    """
    config = state.config.train
    unfreeze_blocks(state.classifier, state.backbone, state.blocks, pretrained=state.pretrained)
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
