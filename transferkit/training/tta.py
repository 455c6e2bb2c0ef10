"""Test-time augmentation: mean probabilities of an image and its mirror image."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from sklearn.metrics import log_loss

from transferkit.data.augmentation.policies import find_policy
from transferkit.inference.predictor import BatchPredictor
from transferkit.runtime.progress import log
from transferkit.training.state import TrainingState


def with_flip_tta(classifier: keras.Model) -> keras.Model:
    """Return `classifier` with flip TTA, at twice the time.

    It is one Keras model like any other, so that what is saved and exported does the same; the
    classifier is the layer of its name.
    """
    images = keras.Input(classifier.input_shape[1:], name="images")
    mirrored = keras.ops.flip(images, axis=2)
    both = [classifier(images), classifier(mirrored)]
    averaged = keras.layers.Average(dtype="float32")(both)
    return keras.Model(images, averaged, name=f"mirrored_{classifier.name}")


def should_use_tta(state: TrainingState) -> bool:
    """Return whether flip TTA lowers the validation loss; log it, and note it in the summary.

    Never where mirroring is not among the changes that training images went through: there, a
    mirrored picture may be of another class.
    """
    if not len(state.validation) or not find_policy(state.config.train.augment).flip:
        return False
    forward, part = BatchPredictor(state.classifier, state.config.compute.engine), state.validation
    plain, mirrored = (
        forward(part.paths, state.config.data, doing="Validating", change=change)
        for change in (None, lambda images, first: np.ascontiguousarray(images[:, :, ::-1]))
    )
    classes = range(part.targets.shape[1])
    losses = [
        float(log_loss(part.labels, probabilities, labels=classes, sample_weight=part.weights))
        for probabilities in (plain, (plain + mirrored) / 2)
    ]
    helps = losses[1] < losses[0]
    state.summary = replace(state.summary, tta=helps)
    log(
        f"With test-time augmentation (mirror images), the validation loss is {losses[1]:.3f} in "
        f"place of {losses[0]:.3f}: {'it is used' if helps else 'it is left out'}."
    )
    return helps
