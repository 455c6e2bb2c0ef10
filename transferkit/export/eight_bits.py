"""LiteRT models of 8-bit integers, with a head in float32.

A solved head weighs thousands of features, and large terms of both signs cancel. In 8-bit integers
their rounding is left: 190 of 411 hand signs got the class of the network, and 403 do with floats.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from transferkit.export.split_head import with_split_head
from transferkit.models.network import Network

VECTOR_RANK = 2  # of `(batch, width)`; the maps of a backbone have more


def quantize_network(network: Network, calibration: np.ndarray) -> bytes:
    """Return the LiteRT model of `network`, its backbone in 8-bit integers.

    `calibration` is `(images, image_size, image_size, 3)` uint8 RGB, which sets their ranges.
    """

    def images() -> Iterator[list[np.ndarray]]:
        return ([image[None].astype(np.float32)] for image in calibration)

    with tempfile.TemporaryDirectory() as folder:
        _save(with_split_head(network.model), Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        floats = _head_tensors(converter.convert(), network.name)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = images
        experimental = tf.lite.experimental
        options = experimental.QuantizationDebugOptions(denylisted_nodes=floats)
        debugger = experimental.QuantizationDebugger(converter=converter, debug_options=options)
        return bytes(debugger.get_nondebug_quantized_model())


def _save(model: keras.Model, folder: Path) -> None:
    """Save `model` as a SavedModel, for any batch size."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="images")
    archive.add_endpoint("serve", partial(model.__call__, training=False), input_signature=[images])
    archive.write_out(str(folder), verbose=False)


def _head_tensors(model: bytes, backbone: str) -> list[str]:
    """Return the names of the vectors that LiteRT's `model` computes after its `backbone`."""
    graph = flatbuffer_utils.convert_bytearray_to_object(bytearray(model)).subgraphs[0]
    makers = {output: operator for operator in graph.operators for output in operator.outputs}
    names: list[str] = []
    waiting = list(graph.outputs)
    while waiting:
        index = waiting.pop()
        tensor = graph.tensors[index]
        name = tensor.name.decode()
        if index in makers and len(tensor.shape) <= VECTOR_RANK and f"/{backbone}_" not in name:
            names.append(name)
            waiting.extend(makers[index].inputs)
    return names
