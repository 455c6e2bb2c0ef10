"""Temperature scaling of a network: one temperature, divided into the last layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
from transferkit.training.state import TrainingState

# Predictions are made at this temperature: those of an overconfident network are 0 and 1 otherwise.
# A power of two, by which weights are divided exactly.
SOFTMAX_TEMPERED = 8.0
MIN_PROBABILITY = np.finfo(np.float32).tiny


def calibrate(fit: TrainingState) -> None:
    """Divide the logits of the classifier by the temperature with the lowest validation loss.

    That is one number in front of the softmax (Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017, arXiv:1706.04599): the last layer's kernel and bias are divided by it, so
    that the saved model has no more layers than before, and the likeliest class of an image stays.

    Flip TTA comes after this, with the calibrated classifier, so that the loss is that of the saved
    model. The mean of two calibrated predictions is slightly less confident than the calibrated
    mean.
    """
    images, labels = len(set(fit.validation.paths)), fit.validation.labels
    logits = _logits(fit) if images >= MIN_IMAGES else np.empty((0, 1))  # none if there are few
    if reason := reason_for_none(logits, labels, images):
        _leave(fit, reason)
        return
    temperature = fit_temperature(logits, labels, images)
    if abs(np.log(temperature)) < MIN_LOG_TEMPERATURE:
        _leave(fit, f"no other fits the {images} validation images clearly better")
        return
    _divide(fit, temperature)
    losses = [loss_at(value, logits, labels) for value in (1.0, temperature)]
    fit.summary = replace(fit.summary, temperature=TemperatureScaling(temperature, *losses))
    log(
        f"Temperature {temperature:.2f}: the validation loss is {losses[1]:.3f} "
        f"in place of {losses[0]:.3f}."
    )


def answers(fit: TrainingState) -> np.ndarray:
    """Return `(images, classes)` probabilities of the validation images by the saved model.

    With only the head fitted, they follow from cached features. A fine-tuned model predicts again:
    from cached activations, in 16 bits, its loss was 0.145 where that of the saved model is 0.171.
    """
    part = fit.validation
    if fit.summary.kept_stage == HEAD_STAGE and fit.pretrained:
        features = extract_features(fit.feature_spec, part.paths, quiet=True, pool=fit.pool)
        head = fit.classifier.get_layer(HEAD)
        return np.asarray(head.predict(features.values, batch_size=part.batch_size, verbose=0))
    forward = BatchPredictor(fit.classifier, fit.config.compute.engine)
    return forward(part.paths, fit.config.data, doing="Validating")


def _logits(fit: TrainingState) -> np.ndarray:
    """Return `(images, classes)` logits of the validation images, up to a constant per image."""
    _divide(fit, SOFTMAX_TEMPERED)
    logits = SOFTMAX_TEMPERED * np.log(np.maximum(answers(fit), MIN_PROBABILITY))
    _divide(fit, 1 / SOFTMAX_TEMPERED)
    return np.asarray(logits)


def _divide(fit: TrainingState, temperature: float) -> None:
    """Divide the input of the softmax by `temperature`."""
    last = fit.classifier.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([values / temperature for values in last.get_weights()])


def _leave(fit: TrainingState, why: str) -> None:
    fit.summary = replace(fit.summary, temperature=TemperatureScaling())
    log(f"The temperature stays at 1: {why}.")
