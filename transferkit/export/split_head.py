"""A classifier without the joined feature vector, for 8-bit integers.

TensorFlow Lite gives the inputs and the output of a concatenation one scale, and passes it on
through maxima to the maps of the backbone. With EfficientNet-Lite0 and the pooling `stages_both`,
the widest stage thus left 23 steps to the last map, of 0 to 6, in place of 256. In a sum of one
layer per pooled vector, each vector has a scale of its own.
"""

from __future__ import annotations

import keras
import numpy as np

from transferkit.models.classifier import FEATURES, HEAD
from transferkit.training.tta import with_flip_tta


def with_split_head(model: keras.Model) -> keras.Model:
    """Return `model` with the first dense layer of its head as a sum over the pooled vectors.

    It computes the same, and shares the layers below. A model without joined vectors is returned
    as it is.
    """
    layers = {layer.name: layer for layer in model.layers}
    inner = layers.get(model.name.removeprefix("mirrored_"))
    if isinstance(inner, keras.Model):
        return with_flip_tta(with_split_head(inner))
    features, head = layers.get(FEATURES), layers.get(HEAD)
    if not isinstance(features, keras.layers.Concatenate) or not isinstance(head, keras.Model):
        return model
    first, *others = (layer for layer in head.layers if not isinstance(layer, keras.layers.Dropout))
    outputs = _sum_of_products(features.input, first)
    for layer in others:
        outputs = layer(outputs)
    return keras.Model(model.input, outputs, name=model.name)


def _sum_of_products(
    vectors: list[keras.KerasTensor], dense: keras.layers.Dense
) -> keras.KerasTensor:
    """Return the output of `dense` for the concatenated `vectors`."""
    widths = [vector.shape[-1] for vector in vectors]
    kernels = np.split(dense.kernel.numpy(), np.cumsum(widths)[:-1])
    products = []
    for index, (vector, kernel) in enumerate(zip(vectors, kernels, strict=True)):
        has_bias = index == 0 and dense.use_bias
        part = keras.layers.Dense(dense.units, use_bias=has_bias, dtype=dense.dtype_policy)
        products.append(part(vector))
        part.set_weights([kernel, dense.bias.numpy()] if has_bias else [kernel])
    return keras.layers.Activation(dense.activation)(keras.layers.Add()(products))
