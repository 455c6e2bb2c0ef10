"""Temperature scaling of a network: one temperature, divided into the last layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import log_softmax
from scipy.stats import t as student_t

from transferkit.evaluation.conformal import VALIDATION
from transferkit.evaluation.summary import HEAD_STAGE, TemperatureScaling
from transferkit.evaluation.temperature import (
    MIN_IMAGES,
    MIN_LOG_TEMPERATURE,
    fit_temperature,
    loss_at,
    reason_for_none,
)
from transferkit.features.extract import extract_features
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import CLASSES, HEAD
from transferkit.runtime.progress import log
from transferkit.training.state import HeldOut, TrainingState

# Predictions are made at this temperature: those of an overconfident network are 0 and 1 otherwise.
# A power of two, by which weights are divided exactly.
SOFTMAX_TEMPERED = 8.0
MIN_PROBABILITY = np.finfo(np.float32).tiny


def calibrate(state: TrainingState) -> None:
    """Divide the logits of the classifier by the temperature with the lowest held-out loss.

    That is one number in front of the softmax (Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017, arXiv:1706.04599): the last layer's kernel and bias are divided by it, so
    that the saved model has no more layers than before, and the likeliest class of an image stays.
    The images are those of `state.held_out`, else the validation images.
    """
    images = len(set(state.validation.paths))
    if state.held_out is None and images < MIN_IMAGES:  # of few, none is asked for
        held_out = HeldOut(np.empty((0, 1)), state.validation.labels, images)
    else:
        held_out = state.held_out or validation_logits(state)
    logits, labels, images = held_out.logits, held_out.labels, held_out.images
    if reason := reason_for_none(logits, labels, images):
        _leave(state, reason)
        return
    temperature = fit_temperature(logits, labels, images)
    if abs(np.log(temperature)) < MIN_LOG_TEMPERATURE:
        _leave(state, f"no other fits the {images} held-out images clearly better")
        return
    _divide(state, temperature)
    losses = [loss_at(value, logits, labels) for value in (1.0, temperature)]
    state.summary = replace(state.summary, temperature=TemperatureScaling(temperature, *losses))
    log(
        f"Temperature {temperature:.2f}: the loss on {images:,} held-out images is "
        f"{losses[1]:.3f} in place of {losses[0]:.3f}."
    )


def loss_gain(before: HeldOut, after: HeldOut, groups: Sequence[str]) -> tuple[float, float, float]:
    """Return by how much the log loss of the same images fell: lower bound, mean, upper bound.

    Each is taken at its own temperature. The bounds are those of a 95 % interval of the paired
    differences (Student's t), in which the images of one of `groups` count as one.
    """
    losses = []
    for held_out in (before, after):
        logits = held_out.logits / fit_temperature(
            held_out.logits, held_out.labels, held_out.images
        )
        rows = np.arange(len(held_out.labels))
        losses.append(-log_softmax(logits, axis=1)[rows, held_out.labels])
    gains = pd.Series(losses[0] - losses[1]).groupby(list(groups)).mean()
    spread = float(gains.sem()) if len(gains) > 1 else math.inf
    half = float(student_t.ppf(0.975, max(len(gains) - 1, 1))) * spread
    mean = float(gains.mean())
    return mean - half, mean, mean + half


def answers(state: TrainingState) -> np.ndarray:
    """Return `(images, classes)` probabilities of the validation images by the saved model.

    With only the head fitted, they follow from cached features. A fine-tuned model predicts again:
    from cached activations, in 16 bits, its loss was 0.145 where that of the saved model is 0.171.
    """
    part = state.validation
    if state.summary.kept_stage == HEAD_STAGE and state.pretrained:
        features = extract_features(state.feature_spec, part.paths, quiet=True, pool=state.pool)
        head = state.classifier.get_layer(HEAD)
        return np.asarray(head.predict(features.values, batch_size=part.batch_size, verbose=0))
    forward = BatchPredictor(state.classifier, state.config.compute.engine)
    return forward(part.paths, state.config.data, doing="Validating")


def validation_logits(state: TrainingState) -> HeldOut:
    """Return the logits of the validation images, up to a constant per image."""
    _divide(state, SOFTMAX_TEMPERED)
    logits = SOFTMAX_TEMPERED * np.log(np.maximum(answers(state), MIN_PROBABILITY))
    _divide(state, 1 / SOFTMAX_TEMPERED)
    part = state.validation
    rows = np.arange(len(part))
    return HeldOut.of(np.asarray(logits), part, rows, source=VALIDATION, plain=len(part))


def _divide(state: TrainingState, temperature: float) -> None:
    """Divide the input of the softmax by `temperature`."""
    last = state.classifier.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([values / temperature for values in last.get_weights()])


def _leave(state: TrainingState, why: str) -> None:
    state.summary = replace(state.summary, temperature=TemperatureScaling())
    log(f"The temperature stays at 1: {why}.")
