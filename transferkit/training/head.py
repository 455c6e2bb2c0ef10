"""The first stage: the head on frozen features, by L-BFGS if it is linear."""

from __future__ import annotations

import time

import numpy as np

from transferkit.data.augmentation.views import View, in_words, views_of
from transferkit.evaluation.conformal import FOLDS
from transferkit.evaluation.summary import HEAD_STAGE, EpochRecord
from transferkit.features.extract import extract_features
from transferkit.features.linear_probe import solve_probe
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import CLASSES, HEAD, extractor_of
from transferkit.models.freezing import unfreeze_blocks
from transferkit.runtime.progress import log
from transferkit.training.callbacks import HistoryLogger, describe_epoch, early_stopping
from transferkit.training.dataset import SplitData, shared_batch
from transferkit.training.optimizers import compile_model
from transferkit.training.state import (
    HeldOut,
    TrainingState,
    require_finite_loss,
    summarise_stage,
)

MIN_HEAD_STEPS = 50  # in an epoch of the head at least, while its batches have
MIN_HEAD_BATCH_SIZE = 8  # images or more


def fit_head(state: TrainingState) -> None:
    """Fit the head alone, on the features of the plain images, which are computed once.

    A linear one is fitted to its optimum, the start of fine-tuning (Kumar et al., Fine-Tuning can
    Distort Pretrained Features, ICLR 2022, arXiv:2202.10054); others by gradient descent.
    """
    started = time.perf_counter()
    unfreeze_blocks(state.classifier, state.backbone, 0, pretrained=state.pretrained)
    views = views_of(state.config.train) if state.pretrained else []
    images = state.train.times(1 + len(views))
    *shown, validation = (
        _pretrained_features(state, views) if state.pretrained else _random_features(state)
    )
    train = shown[0] if len(shown) == 1 else np.concatenate(shown)
    solvable = is_solvable(state)
    (_solve_head if solvable else _learn_head)(state, images, train, validation)
    require_finite_loss(state, HEAD_STAGE)
    summarise_stage(state, HEAD_STAGE, started, blocks=0, images=in_words(views), solved=solvable)


def is_solvable(state: TrainingState) -> bool:
    """Return whether the head is linear and the targets are one-hot, of two classes or more."""
    config, present = state.config, len(np.unique(state.train.labels))
    return config.model.head == "linear" and config.train.label_smoothing == 0 and present > 1


def _solve_head(
    state: TrainingState, images: SplitData, train: np.ndarray, validation: np.ndarray
) -> None:
    """Set the head to the optimum for the features `train` of the training `images`."""
    started = time.perf_counter()
    probe = solve_probe(
        train,
        images.labels,
        classes=images.targets.shape[1],
        weights=images.weights,
        groups=images.groups,
        seed=state.config.seed,
    )
    if len(probe.held_out):
        state.held_out = HeldOut.of(
            probe.held_out_logits, images, probe.held_out, source=FOLDS, plain=len(state.train)
        )
    head = state.classifier.get_layer(HEAD)
    head.get_layer(CLASSES).set_weights([probe.kernel, probe.bias])
    loss, accuracy = probe.evaluate(train, images.labels, images.weights)
    val_loss, val_accuracy, held_out = None, None, "validation loss"
    if not state.blocks and not len(validation):
        val_loss, val_accuracy = probe.evaluate_held_out(images.labels, images.weights)
        held_out = "loss of the folds"
    elif len(validation):
        val_loss, val_accuracy = probe.evaluate(
            validation, state.validation.labels, state.validation.weights
        )
    seconds = time.perf_counter() - started
    row = EpochRecord(
        HEAD_STAGE, 1, loss, accuracy, val_loss=val_loss, val_accuracy=val_accuracy, seconds=seconds
    )
    state.history.append(row)
    log(f"{HEAD_STAGE}, fitted by L-BFGS with C = {probe.c:g}: {describe_epoch(row, held_out)}")


def _learn_head(
    state: TrainingState, images: SplitData, train: np.ndarray, validation: np.ndarray
) -> None:
    """Fit the head by gradient descent on the features of both splits."""
    head = state.classifier.get_layer(HEAD)
    config, batch = state.config.train, head_batch(images, state.device.replicas)
    steps = -(-len(train) // batch)
    watched = len(validation) > 0
    with state.device.strategy.scope():
        compile_model(
            head, state, learning_rate=config.learning_rate, steps=steps * config.head_epochs
        )
    head.fit(
        train,
        images.targets,
        sample_weight=images.weights,
        batch_size=batch,
        epochs=config.head_epochs,
        validation_data=(validation, state.validation.targets) if watched else None,
        validation_batch_size=state.validation.batch_size,
        callbacks=[
            HistoryLogger(HEAD_STAGE, steps, state.history),
            *([early_stopping(config)] if watched else []),
        ],
        verbose=0,
    )


def head_batch(train: SplitData, replicas: int) -> int:
    """Return the batch size of the head stage: that of the setting, smaller if images are few.

    With 350 images, 30 epochs of 11 steps end far from the optimum: the accuracy on the digits was
    70 % with them, 81 % with batches of 7; on larger sets nothing changed.
    """
    wanted = min(train.batch_size, max(MIN_HEAD_BATCH_SIZE, len(train) // MIN_HEAD_STEPS))
    return shared_batch(wanted, len(train), replicas) or train.batch_size


def _random_features(state: TrainingState) -> list[np.ndarray]:
    """Return features of both splits by random weights, which are not worth caching."""
    forward = BatchPredictor(extractor_of(state.classifier), state.config.compute.engine)
    parts = state.train, state.validation
    return [forward(part.paths, state.config.data, doing="Reading") for part in parts]


def _pretrained_features(state: TrainingState, views: list[View]) -> list[np.ndarray]:
    """Return features of training images, of their `views`, and of validation images."""
    asked = [
        (state.train, None),
        *((state.train, view) for view in views),
        (state.validation, None),
    ]
    with state.pool.borrow(state.feature_spec, lambda: extractor_of(state.classifier)):
        return [_read_features(state, part, view) for part, view in asked]


def _read_features(state: TrainingState, part: SplitData, view: View | None) -> np.ndarray:
    started = time.perf_counter()
    features = extract_features(
        state.feature_spec,
        part.paths,
        view=view,
        quiet=view is not None
        or state.activations is not None,  # then it was logged for the activations
        pool=state.pool,
    )
    if state.activations is None:  # else their time is that of the activations
        state.borrowed_seconds += features.seconds - (time.perf_counter() - started)
    return features.values
