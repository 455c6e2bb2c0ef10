"""Where in a picture a network sees a class: Grad-CAM, for any head, pooling and sides.

Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization,
ICCV 2017, arXiv:1610.02391. Where one map is averaged for a linear head it is the class activation
map of Zhou et al., CVPR 2016, arXiv:1512.04150. Several maps, of stages or of sides, are added up
such that each counts for what it adds to the score: over the picture, their mean is that of an
averaged map's share of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from transferkit.backbones.catalog import find_backbone
from transferkit.errors import ConfigError
from transferkit.models.classifier import CLASSES, FEATURES, HEAD, at_image_size

Score = Callable[[list[tf.Tensor]], tf.Tensor]
"""From some tensors, `(images, ...)` each, to a number of each class, `(images, classes)`."""

BATCH_SIZE = 8  # images: called layer by layer, a network holds all of its maps, 80 MB per image
POOLS = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)


def grad_cam(model: keras.Model, images: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """`(images, side, side)` float32, 0..1: where each image speaks for the class `answers[i]`.

    `images` is `(images, height, width, 3)` of 0..255, `answers` `(images,)` class numbers. The
    most telling place of an image is 1; one that nowhere speaks for its class is 0 all over.

    Raises:
        ConfigError: `model` was not built by transferkit.
    """
    maps = np.maximum(class_evidence(model, images, answers), 0)
    peaks = maps.max(axis=(1, 2), keepdims=True, initial=0)
    return maps / np.where(peaks > 0, peaks, 1)


def class_evidence(model: keras.Model, images: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """`(images, side, side)` float32: what each place adds to the score of the class `answers[i]`.

    The score is what goes into the softmax, less its bias. A model that looks at the mirror image
    too is asked about both.

    Raises:
        ConfigError: `model` was not built by transferkit.
    """
    halves = cut_at_the_maps(classifier_of(model))
    evidence = _evidence(halves, images, answers)
    if _is_mirrored(model):
        mirrored = _evidence(halves, images[:, :, ::-1], answers)
        evidence = (evidence + mirrored[:, :, ::-1]) / 2
    return evidence


def classifier_of(model: keras.Model) -> keras.Model:
    """The model with the layers `features` and `head`: `model`, or one within it.

    Raises:
        ConfigError: there is none.
    """
    for inner in _models(model):
        names = {layer.name for layer in inner.layers}
        if {FEATURES, HEAD} <= names:
            return inner
    raise ConfigError(
        f"The model {model.name!r} has no layers {FEATURES!r} and {HEAD!r}: "
        "give one that build_classifier or train has made."
    )


def backbone_of(classifier: keras.Model) -> keras.Model:
    """The layer of `classifier` that is its backbone, named as its row is."""
    return next(
        layer
        for layer in classifier.layers
        if isinstance(layer, keras.Model) and layer.name != HEAD
    )


@dataclass(frozen=True)
class MapSplit:
    """A classifier in two at its maps, and its head.

    Attributes:
        below: images in, maps out.
        above: maps in, features out.
        hidden: the layers of the head below the last one.
        kernel: `(width, classes)`, of the last one.
    """

    below: keras.Model
    above: keras.Model
    hidden: tuple[keras.Layer, ...]
    kernel: keras.Variable

    def maps(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the maps that are pooled: `(images, rows, columns, features)` float32 each."""
        outputs = self.below(np.asarray(images, np.float32), training=False)
        return [np.asarray(output, np.float32) for output in keras.tree.flatten(outputs)]

    def score(self, maps: list[keras.KerasTensor]) -> keras.KerasTensor:
        """`(images, classes)`: what goes into the softmax, less its bias."""
        features = self.above(maps[0] if len(maps) == 1 else maps, training=False)
        for layer in self.hidden:
            features = layer(features, training=False)
        return keras.ops.matmul(features, self.kernel)


def _evidence(halves: MapSplit, images: np.ndarray, answers: np.ndarray) -> np.ndarray:
    image_size = images.shape[1]
    evidence = np.zeros((len(images), image_size, image_size), np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        part = slice(start, start + BATCH_SIZE)
        maps = halves.maps(images[part])
        gradients = score_gradients(halves.score, maps, np.asarray(answers[part], np.int64))
        for values, gradient in zip(maps, gradients, strict=True):
            # The paper's mean over the places, times the places: those of a fine map count alike.
            weights = gradient.sum(axis=(1, 2))
            rough = np.einsum("nijk,nk->nij", values, weights)
            evidence[part] += np.stack([_enlarged(coarse, image_size) for coarse in rough])
    return evidence


def _enlarged(values: np.ndarray, image_size: int) -> np.ndarray:
    """`(rows, columns)` float32 smoothly as `(side, side)`."""
    return np.asarray(
        Image.fromarray(values).resize((image_size, image_size), Image.Resampling.BILINEAR)
    )


def cut_at_the_maps(classifier: keras.Model) -> MapSplit:
    """`classifier` in two at what its features are pooled from."""
    pools = [layer.input for layer in classifier.layers if isinstance(layer, POOLS)]
    if pools:
        maps = list({id(pool): pool for pool in pools}.values())  # one may be pooled in two ways
        below = keras.Model(classifier.input, maps)
        above = keras.Model(maps, classifier.get_layer(FEATURES).output)
    else:
        below, above = _cut_at_the_last_map(classifier)
    head = classifier.get_layer(HEAD)
    kernel = head.get_layer(CLASSES).kernel
    hidden = tuple(layer for layer in head.layers if layer.name != CLASSES)
    return MapSplit(below, above, hidden, kernel)


def _cut_at_the_last_map(classifier: keras.Model) -> tuple[keras.Model, keras.Model]:
    """`classifier`, whose backbone ends in a vector, in two at the last map within that."""
    backbone = backbone_of(classifier)
    last = [layer.output for layer in backbone.layers if len(layer.output.shape) == 4][-1]
    images = keras.Input(classifier.input_shape[1:])
    seen = at_image_size(images, find_backbone(backbone.name), classifier.input_shape[1])
    below = keras.Model(images, keras.Model(backbone.input, last)(seen))
    return below, keras.Model(last, backbone.output)


def _is_mirrored(model: keras.Model) -> bool:
    """Whether `model`, or one within it, is what `with_mirror` made."""
    return any(inner.name.startswith("mirrored_") for inner in _models(model))


def _models(model: keras.Model) -> Iterator[keras.Model]:
    """`model` and those within it, the outer first."""
    yield model
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _models(layer)


def score_gradients(
    score: Score, given: Sequence[np.ndarray], answers: np.ndarray
) -> list[np.ndarray]:
    """How the score of the class `answers[i]` of image `i` changes with each number of `given`.

    The arrays are of the shapes of `given`, float32.
    """
    tensors = [tf.convert_to_tensor(tensor, tf.float32) for tensor in given]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        chosen = tf.gather(score(tensors), answers, axis=1, batch_dims=1)
    none = tf.UnconnectedGradients.ZERO
    return [
        np.asarray(gradient)
        for gradient in tape.gradient(chosen, tensors, unconnected_gradients=none)
    ]
