"""Training: the head on frozen features first, then the released blocks on augmented images."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from transferkit.backbones.row import blocks_to_release
from transferkit.backbones.start import is_pretrained
from transferkit.backbones.table import find_backbone
from transferkit.config import Config, TrainConfig
from transferkit.data.batches import Augmentation, training_batches
from transferkit.data.manifest import Manifest
from transferkit.data.policies import find_policy
from transferkit.data.views import in_words, views_of
from transferkit.progress import say
from transferkit.training import models
from transferkit.training.augmenting import Augmenting
from transferkit.training.averaging import BestEpochs
from transferkit.training.devices import Device
from transferkit.training.drawn import Drawn
from transferkit.training.fit import (
    FINE_TUNE_STAGE,
    HEAD_STAGE,
    SCRATCH_STAGE,
    Fit,
    describe,
    learning,
    prepare,
    require_numbers,
)
from transferkit.training.foretelling import foretell
from transferkit.training.head import fit_head
from transferkit.training.material import Part, class_weights, read_part
from transferkit.training.rows import keep_rows
from transferkit.training.watching import callbacks

MANY_STEPS = 500  # of fine-tuning, from which it is worth timing the first ahead of the head
BLEND = 0.2  # of the Beta by which kept activations are blended: mostly one of the two


def fit_classifier(manifest: Manifest, config: Config, device: Device) -> Fit:
    """Build a classifier for the classes of `manifest` and fit it, by stages.

    Raises:
        ConfigError: a name or setting that does not fit the backbone; before anything slow.
    """
    find_policy(config.train.augment)
    row, pretrained = find_backbone(config.model.backbone), is_pretrained(config.model)
    blocks = blocks_to_release(row, config.train.release, pretrained=pretrained)
    keras.utils.set_random_seed(config.seed)
    with device.building():
        classifier = models.build_classifier(config.model, manifest.classes, side=config.data.side)
    by_class = class_weights(manifest, config.train)
    if by_class is not None:
        say("The classes are uneven: rarer ones weigh more in training.")
    batch, replicas = config.train.batch, device.replicas
    train = read_part(manifest, "train", by_class=by_class, batch=batch, replicas=replicas)
    validation = read_part(manifest, "validation", batch=batch, replicas=replicas)
    fit = Fit(classifier, config, device, train, validation)
    fit.details["class weights"] = by_class is not None
    fit.details["parameters"] = models.parameters(classifier)
    fit.kept = keep_rows(fit, blocks)
    if pretrained or blocks < len(row.blocks):
        if blocks and fit.kept is None and fit.train.steps * config.train.epochs >= MANY_STEPS:
            _foretell_from_pixels(fit, blocks)
        fit_head(fit)
    if blocks:
        fit_blocks(fit, blocks)
    return fit


def fit_blocks(fit: Fit, blocks: int) -> None:
    """Fit the last `blocks` blocks and the head on augmented images.

    After a head stage this is fine-tuning, at its lower rate, and what it made is kept only if
    the validation loss fell: a fine-tuning that does harm is undone.
    """
    started = time.perf_counter()
    config, tuning = fit.config.train, bool(fit.history)
    stage = FINE_TUNE_STAGE if tuning else SCRATCH_STAGE
    before = fit.classifier.get_weights() if tuning else None
    learner, train, validation, images = _material(fit)
    prepare(fit, learner, blocks, tuning=tuning)
    steps, watched = fit.train.steps, len(fit.validation) > 0
    averages = tuning and fit.pretrained and watched and config.average_epochs > 1
    best = [BestEpochs(config.average_epochs)] if averages else []
    with learning(fit, learner):
        learner.fit(
            train,
            shuffle=False,  # the batches are shuffled already
            epochs=config.epochs,
            validation_data=validation if watched else None,
            callbacks=[
                *best,  # before what restores the best epoch's weights when it stops
                *callbacks(stage, config, steps=steps, history=fit.history, watched=watched),
            ],
            verbose=0,
        )
        for each in best:
            each.average(fit, learner, validation, stage=stage)
    describe(fit, stage, started, blocks=blocks, images=images)
    if before is None:
        require_numbers(fit, stage)
    elif not _has_helped(fit):
        say("Fine-tuning did not lower the validation loss: the network before it is kept.")
        fit.classifier.set_weights(before)
        fit.details["kept"] = HEAD_STAGE
        fit.details.pop("averaged epochs", None)


def _foretell_from_pixels(fit: Fit, blocks: int) -> None:
    learner, batches, *_ = _material(fit)
    foretell(fit, learner, batches, blocks=blocks)


def _has_helped(fit: Fit) -> bool:
    """Whether fine-tuning lowered the validation loss; without one, whether its losses are any."""
    if len(fit.validation):
        return min(fit.best(FINE_TUNE_STAGE), fit.averaged) < fit.best(HEAD_STAGE)
    return all(math.isfinite(row["loss"]) for row in fit.history)


def _material(fit: Fit) -> tuple[keras.Model, Any, Any, str]:
    """What learns, its batches for training and for validation, and what they are in words."""
    config = fit.config.train
    if fit.kept is None:
        learner, augmentation = fit.classifier, _augmentation(fit)
        if augmentation.later:
            with fit.device.building():
                learner = Augmenting(fit.classifier, augmentation)
        train = _batches(fit, fit.train, augmentation)
        images = f"augmented anew in each epoch: {config.augment}, mix: {_mix_of_pixels(config)}"
        return learner, train, _batches(fit, fit.validation), images
    kept, views, blend = fit.kept, views_of(config), config.mix != "none"
    train = Drawn(kept.train, fit.train, seed=fit.config.seed, blend=BLEND if blend else 0.0)
    images = f"{in_words(views)}; kept activations, mix: {'mixup' if blend else 'none'}"
    watched = Drawn([kept.validation], fit.validation)
    return kept.above, train.batches(), watched.batches(), images


def _mix_of_pixels(train: TrainConfig) -> str:
    return "none" if train.mix == "auto" else train.mix


def _augmentation(fit: Fit) -> Augmentation:
    """What is done to the pixels of training images: by the GPU itself, where there is one."""
    train = fit.config.train
    policy, mix = find_policy(train.augment), _mix_of_pixels(train)
    return Augmentation(policy, mix, fit.config.seed, later=fit.device.gpu)


def _batches(fit: Fit, part: Part, augmentation: Augmentation | None = None) -> Any:
    return training_batches(
        part.paths,
        part.targets,
        fit.side,
        data=fit.config.data,
        batch=part.batch,
        weights=part.weights,
        augmentation=augmentation,
    )
