"""Training: the head on frozen features first, then the released blocks on augmented images."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from transferkit.backbones.start import is_pretrained
from transferkit.backbones.table import Backbone, find_backbone
from transferkit.config import Config
from transferkit.data.batches import Augmentation, naming_bad_files, training_batches
from transferkit.data.manifest import Manifest
from transferkit.data.policies import find_policy
from transferkit.errors import ConfigError
from transferkit.progress import say
from transferkit.training import models
from transferkit.training.devices import Device
from transferkit.training.forward import Forward
from transferkit.training.frozen import frozen_features
from transferkit.training.material import Part, class_weights, read_part, shared_batch
from transferkit.training.optimizers import build_optimizer
from transferkit.training.watching import callbacks

HEAD_STEPS = 50  # in an epoch of the head at least, while its batches have
HEAD_BATCH = 8  # images or more
HEAD_STAGE, FINE_TUNE_STAGE, SCRATCH_STAGE = "head", "fine-tune", "from scratch"


@dataclass
class Fit:
    """What the stages of one training share; `history` and `details` grow from stage to stage."""

    classifier: keras.Model
    config: Config
    device: Device
    train: Part
    validation: Part
    history: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    borrowed_seconds: float = 0.0
    """What reading features took for another classifier before, and would have taken here."""

    @property
    def row(self) -> Backbone:
        return find_backbone(self.config.model.backbone)

    @property
    def pretrained(self) -> bool:
        return is_pretrained(self.config.model)

    def best(self, stage: str) -> float:
        """The lowest validation loss of `stage`, or training loss where there is no other.

        Endless where none is a number.
        """
        watched = "val_loss" if len(self.validation) else "loss"
        losses = [row[watched] for row in self.history if row["stage"] == stage]
        return min(filter(math.isfinite, losses), default=math.inf)


def fit_classifier(manifest: Manifest, config: Config, device: Device) -> Fit:
    """Build a classifier for the classes of `manifest` and fit it, by stages.

    Raises:
        ConfigError: a name or setting that does not fit the backbone; before anything slow.
    """
    find_policy(config.train.augment)
    row, pretrained = find_backbone(config.model.backbone), is_pretrained(config.model)
    blocks = models.blocks_to_release(row, config.train.release, pretrained=pretrained)
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
    if pretrained or blocks < len(row.blocks):
        fit_head(fit)
    if blocks:
        fit_blocks(fit, blocks)
    return fit


def fit_head(fit: Fit) -> None:
    """Fit the head alone, on the features of the plain images, which are read once."""
    started = time.perf_counter()
    models.release_blocks(fit.classifier, fit.row, 0, pretrained=fit.pretrained)
    train, validation = _features(fit, fit.train), _features(fit, fit.validation)
    config = fit.config.train
    head, batch = fit.classifier.get_layer(models.HEAD), head_batch(fit.train, fit.device.replicas)
    steps = -(-len(train) // batch)
    watched = len(validation) > 0
    with fit.device.strategy.scope():
        _compile(head, fit, rate=config.rate, steps=steps * config.head_epochs)
    head.fit(
        train,
        fit.train.targets,
        sample_weight=fit.train.weights,
        batch_size=batch,
        epochs=config.head_epochs,
        validation_data=(validation, fit.validation.targets) if watched else None,
        validation_batch_size=fit.validation.batch,
        callbacks=callbacks(HEAD_STAGE, config, steps=steps, history=fit.history, watched=watched),
        verbose=0,
    )
    require_numbers(fit, HEAD_STAGE)
    _describe(fit, HEAD_STAGE, started, blocks=0)


def head_batch(train: Part, replicas: int) -> int:
    """The batch size of the head stage: that of the setting, less where images are few.

    With 350 images, 30 epochs of 11 steps end far from where the head would: on the digits it was
    right on 70 % with them, on 81 % with batches of 7, and on larger sets nothing changed.
    """
    wanted = min(train.batch, max(HEAD_BATCH, len(train) // HEAD_STEPS))
    return shared_batch(wanted, len(train), replicas) or train.batch


def fit_blocks(fit: Fit, blocks: int) -> None:
    """Fit the last `blocks` blocks and the head on augmented images.

    After a head stage this is fine-tuning, at its lower rate, and what it made is kept only if
    the validation loss fell: a fine-tuning that does harm is undone.
    """
    started = time.perf_counter()
    config, tuning = fit.config.train, bool(fit.history)
    stage = FINE_TUNE_STAGE if tuning else SCRATCH_STAGE
    models.release_blocks(fit.classifier, fit.row, blocks, pretrained=fit.pretrained)
    before = fit.classifier.get_weights() if tuning else None
    steps = fit.train.steps
    factors = models.rate_factors(fit.classifier, fit.row, config.rate_decay) if tuning else {}
    with fit.device.strategy.scope():
        rate = config.fine_tune_rate if tuning else config.rate
        _compile(fit.classifier, fit, rate=rate, steps=steps * config.epochs, factors=factors)
    watched = len(fit.validation) > 0
    side, config_data = fit.classifier.input_shape[1], fit.config.data
    everything = [*fit.train.paths, *fit.validation.paths]
    with fit.device.bits.fast(), naming_bad_files(everything, side, config_data):
        fit.classifier.fit(
            _batches(fit, fit.train, augmented=True),
            shuffle=False,  # the batches are shuffled already
            epochs=config.epochs,
            validation_data=_batches(fit, fit.validation, augmented=False) if watched else None,
            callbacks=callbacks(stage, config, steps=steps, history=fit.history, watched=watched),
            verbose=0,
        )
    _describe(fit, stage, started, blocks=blocks)
    if before is None:
        require_numbers(fit, stage)
    elif not _has_helped(fit):
        say("Fine-tuning did not lower the validation loss: the network before it is kept.")
        fit.classifier.set_weights(before)
        fit.details["kept"] = HEAD_STAGE


def _has_helped(fit: Fit) -> bool:
    """Whether fine-tuning lowered the validation loss; without one, whether its losses are any."""
    if len(fit.validation):
        return fit.best(FINE_TUNE_STAGE) < fit.best(HEAD_STAGE)
    return all(math.isfinite(row["loss"]) for row in fit.history)


def require_numbers(fit: Fit, stage: str) -> None:
    """Raise `ConfigError` if no loss of `stage` is a number: then neither are the weights."""
    if fit.best(stage) == math.inf:
        raise ConfigError(
            f"The loss of the stage {stage!r} is not a number any more: "
            f"lower --train.rate, which is {fit.config.train.rate}, or give other --weights."
        )


def _features(fit: Fit, part: Part) -> np.ndarray:
    if fit.pretrained:
        model, data, precision = fit.config.model, fit.config.data, fit.config.train.precision
        started = time.perf_counter()
        features = frozen_features(model, data, part.paths, precision=precision)
        fit.borrowed_seconds += features.seconds - (time.perf_counter() - started)
        return features.values
    forward = Forward(models.extractor_of(fit.classifier))
    return forward(part.paths, fit.config.data, doing="Reading")


def _batches(fit: Fit, part: Part, *, augmented: bool) -> Any:
    config = fit.config
    policy = find_policy(config.train.augment)
    return training_batches(
        part.paths,
        part.targets,
        fit.classifier.input_shape[1],
        data=config.data,
        batch=part.batch,
        weights=part.weights,
        augmentation=Augmentation(policy, config.train.mix, config.seed) if augmented else None,
    )


def _compile(model: keras.Model, fit: Fit, **schedule: Any) -> None:
    """Compile `model` with an optimizer whose rate, steps and factors are those of `schedule`."""
    config = fit.config.train
    model.compile(
        optimizer=build_optimizer(config, replicas=fit.device.replicas, **schedule),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing),
        metrics=["accuracy"],
        # "auto" means XLA wherever a GPU is listed, used or not, and it fails under a mirrored
        # strategy (keras#20763).
        jit_compile=False,
    )


def _describe(fit: Fit, stage: str, started: float, *, blocks: int) -> None:
    pixels = stage != HEAD_STAGE
    fit.details["kept"] = stage
    fit.details[stage] = {
        "epochs": sum(row["stage"] == stage for row in fit.history),
        "seconds": round(time.perf_counter() - started, 2),
        "images": f"augmented: {fit.config.train.augment}, mix: {fit.config.train.mix}"
        if pixels
        else "plain",
        "blocks released": f"{blocks} of {len(fit.row.blocks)}",
        "parameters that learn": models.parameters(
            fit.classifier if pixels else fit.classifier.get_layer(models.HEAD), trainable=True
        ),
    }
