"""Probabilities that are as sure as they are right: one temperature, put into the last layer."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from transferkit.evidence.calibration import COLDEST, HOTTEST
from transferkit.progress import say
from transferkit.training import models
from transferkit.training.fit import HEAD_STAGE, Fit
from transferkit.training.forward import Forward
from transferkit.training.frozen import frozen_features

LOSSES = "validation log loss"  # in the details of who was given a temperature
FEWEST = 20  # validation images from which a temperature says more of the network than of them
# How far the logarithm of a temperature is from 0 as a rule: that of ten networks on three sets of
# photographs was. With 24 validation images, of which 23 were right, the temperature of least loss
# was 0.29, and doubled the loss on the test images.
SPREAD = 0.25
LEAST = 0.005  # of that logarithm; what is less changes no digit that is shown
# The answers are asked for at this temperature: a network that is much too sure gives probabilities
# of which nothing can be told apart. A power of two, by which weights are divided exactly.
SOFT = 8.0
TINY = np.finfo(np.float32).tiny


def temper(fit: Fit) -> None:
    """Divide the logits of the classifier by the temperature of least validation loss.

    That is one number in front of the softmax (Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017, arXiv:1706.04599): the last layer's kernel and bias are divided by it, so
    that the saved model has no more layers than before, and the likeliest class of an image stays.

    The mirror image is asked after this, of the tempered classifier: what is then compared is what
    would be saved. The mean of two tempered answers is a little less sure than the tempered mean.
    """
    images = len(set(fit.validation.paths))
    if images < FEWEST:
        _leave(fit, f"there are {images} validation images, and {FEWEST} are needed to fit it")
        return
    _divide(fit, SOFT)
    logits, truth = SOFT * np.log(np.maximum(answers(fit), TINY)), fit.validation.truth
    _divide(fit, 1 / SOFT)
    if (logits.argmax(axis=1) == truth).all():
        _leave(fit, f"all {images} validation images are right, so none says how sure is too sure")
        return
    temperature = likeliest_temperature(logits, truth, images)
    if abs(np.log(temperature)) < LEAST:
        _leave(fit, f"none fits the {images} validation images clearly better")
        return
    _divide(fit, temperature)
    losses = [_loss(logits, truth, each) for each in (1.0, temperature)]
    fit.details["temperature"] = temperature
    fit.details[LOSSES] = dict(zip(("before", "after"), losses, strict=True))
    say(
        f"Temperature {temperature:.2f}: the validation loss is {losses[1]:.3f} "
        f"in place of {losses[0]:.3f}."
    )


def likeliest_temperature(logits: np.ndarray, truth: np.ndarray, images: int) -> float:
    """That at which `truth` `(rows,)` is likeliest, after `logits` `(rows, classes)`.

    That it is near 1 as a rule (`SPREAD`, of a Laplace distribution) weighs as much as it should
    beside so many `images`: the rows, each of which may be there more than once.
    """

    def doubt(logarithm: float) -> float:
        return images * _loss(logits, truth, np.exp(logarithm)) + abs(logarithm) / SPREAD

    bounds = np.log([COLDEST, HOTTEST])
    return float(np.exp(minimize_scalar(doubt, bounds=bounds, method="bounded").x))


def answers(fit: Fit) -> np.ndarray:
    """`(images, classes)` probabilities of the validation images, by the model that is saved.

    Of one whose head alone was fitted they follow from kept features. A fine-tuned one is asked
    anew: from kept activations, in 16 bits, its loss was 0.145 where the saved model's is 0.171.
    """
    part = fit.validation
    if fit.details["kept"] == HEAD_STAGE and fit.pretrained:
        train = fit.config.train
        features = frozen_features(
            fit.config.model,
            fit.config.data,
            part.paths,
            precision=train.precision,
            engine=train.engine,
            quiet=True,
        )
        head = fit.classifier.get_layer(models.HEAD)
        return np.asarray(head.predict(features.values, batch_size=part.batch, verbose=0))
    forward = Forward(fit.classifier, fit.config.train.engine)
    return forward(part.paths, fit.config.data, doing="Validating")


def _divide(fit: Fit, temperature: float) -> None:
    """Divide what enters the softmax by `temperature`."""
    last = fit.classifier.get_layer(models.HEAD).get_layer(models.CLASSES)
    last.set_weights([values / temperature for values in last.get_weights()])


def _leave(fit: Fit, why: str) -> None:
    fit.details["temperature"] = 1.0
    say(f"The temperature stays 1: {why}.")


def _loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """The log loss at `temperature`, in nats."""
    logs = log_softmax(logits / temperature, axis=1)
    return float(-logs[np.arange(len(truth)), truth].mean())
