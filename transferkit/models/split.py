"""A classifier in two, at the boundary of what learns: frozen below it, released above."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import require_resolved
from transferkit.config.settings import ModelConfig
from transferkit.models.classifier import HEAD, at_image_size, pooled, vectors_of


@dataclass(frozen=True)
class SplitClassifier:
    """`below` and then `above` is a classifier; both are made of its own layers.

    Attributes:
        below: images `(batch, side, side, 3)` in; out come the activations at the boundary, flat,
            `(batch, width)`, and the pooled features `(batch, features)`.
        above: such activations in, probabilities `(batch, classes)` out.
        layer: the first layer of the backbone above the boundary.
    """

    below: keras.Model
    above: keras.Model
    layer: str

    @property
    def width(self) -> int:
        """Numbers of an image at the boundary."""
        return int(self.above.input_shape[-1])


def split_at(classifier: keras.Model, model: ModelConfig, blocks: int) -> SplitClassifier:
    """`classifier`, which was built of `model`, in two below its last `blocks` blocks.

    `model` has to be resolved, by `resolve_model`.

    At the boundary is what enters the first of them, and of the stages below it, which are pooled
    too, the vectors; for each side that the backbone looks at.
    """
    require_resolved(model)
    row = find_backbone(model.backbone)
    backbone = classifier.get_layer(row.name)
    layer = row.blocks[-blocks]
    lower, upper, is_above = _halves_of(backbone, layer)
    images = keras.Input(classifier.input_shape[1:], name="images")
    flat, maps = [], []
    for image_size in model.image_sizes or (classifier.input_shape[1],):
        entering, *low = keras.tree.flatten([lower(at_image_size(images, row, image_size))])
        vectors = [_joined(vectors_of(feature_map, model.pooling)) for feature_map in low]
        flat += [entering, *vectors]
        maps += _in_order(is_above, keras.tree.flatten([upper(entering)]), vectors)
    below = keras.Model(images, [_joined(flat), pooled(maps, model.pooling)], name="below")
    return SplitClassifier(below, _above(classifier, upper, flat, is_above, model.pooling), layer)


def _halves_of(backbone: keras.Model, layer: str) -> tuple[keras.Model, keras.Model, list[bool]]:
    """`backbone` in two below `layer`, and which of its outputs come from above.

    The lower half gives what enters the upper one, and then its own of the outputs.
    """
    names = [layer.name for layer in backbone.layers]
    upper_names = names[names.index(layer) :]
    is_above = [output._keras_history.operation.name in upper_names for output in backbone.outputs]
    own = [output for output, is_up in zip(backbone.outputs, is_above, strict=True) if not is_up]
    top = [output for output, is_up in zip(backbone.outputs, is_above, strict=True) if is_up]
    entering = backbone.get_layer(layer).input
    return keras.Model(backbone.input, [entering, *own]), keras.Model(entering, top), is_above


def _above(
    classifier: keras.Model,
    upper: keras.Model,
    flat: Sequence[keras.KerasTensor],
    is_above: Sequence[bool],
    pooling: str,
) -> keras.Model:
    """From what is in `flat`, joined, to the probabilities of `classifier`."""
    shapes = [tensor.shape[1:] for tensor in flat]
    activations = keras.Input((sum(map(math.prod, shapes)),), name="activations")
    parts = _parts(activations, shapes)
    maps: list[keras.KerasTensor] = []
    lows = len(is_above) - sum(is_above)
    for entering in parts:
        vectors = [next(parts) for _ in range(lows)]
        maps += _in_order(is_above, keras.tree.flatten([upper(entering)]), vectors)
    head = classifier.get_layer(HEAD)
    return keras.Model(activations, head(pooled(maps, pooling)), name="above")


def _joined(tensors: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Each of `tensors` flat, one after the other."""
    flat = [keras.layers.Flatten()(tensor) for tensor in tensors]
    return flat[0] if len(flat) == 1 else keras.layers.Concatenate()(flat)


def _parts(
    joined: keras.KerasTensor, shapes: Sequence[tuple[int, ...]]
) -> Iterator[keras.KerasTensor]:
    """Split what `_joined` has joined into the `shapes` that it had."""
    start = 0
    for shape in shapes:
        end = start + math.prod(shape)
        yield keras.layers.Reshape(shape)(joined[:, start:end])
        start = end


def _in_order(
    is_above: Sequence[bool],
    upper: Sequence[keras.KerasTensor],
    lower: Sequence[keras.KerasTensor],
) -> list[keras.KerasTensor]:
    """The outputs of both halves in the order of the backbone's."""
    sources = {True: iter(upper), False: iter(lower)}
    return [next(sources[is_up]) for is_up in is_above]
