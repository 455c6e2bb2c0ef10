"""A model's outputs for files, once through, as fast as the device allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from transferkit.config import DataConfig
from transferkit.data.batches import image_batches, naming_bad_files
from transferkit.progress import track
from transferkit.training.devices import Bits

BATCH = 32  # images: enough to fill two cores and small enough for a laptop's memory with VGG16


class Forward:
    """`model` in inference, compiled once, with the weights that it has at that moment."""

    def __init__(self, model: keras.Model) -> None:
        self.side, self.width = int(model.input_shape[1]), int(model.output_shape[-1])
        self.function = compiled(model)

    def warm_up(self) -> None:
        """Ask for one image: the first call also optimises the graph, which is no image's cost."""
        self.function(tf.zeros((1, self.side, self.side, 3), tf.uint8))

    def __call__(self, paths: Sequence[str], data: DataConfig, *, doing: str) -> np.ndarray:
        """`(images, outputs)` float32: what the model says of each file, in order.

        `doing` names the work on the terminal.

        Raises:
            DataError: one of the files cannot be read.
        """
        if not len(paths):
            return np.empty((0, self.width), np.float32)
        batches = image_batches(paths, self.side, data, batch=BATCH)
        steps = -(-len(paths) // BATCH)
        with naming_bad_files(paths, self.side, data):
            found = track(batches, steps, doing=doing)
            outputs = [self.function(images).numpy() for images in found]
        return np.concatenate(outputs).astype(np.float32, copy=False)


def compiled(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """`model` as one graph from uint8 RGB; on a CPU with its variables folded to constants.

    Folding lets batch normalisation melt into the convolutions: twice the images a second.
    """
    signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.uint8)
    function = tf.function(
        lambda images: model(tf.cast(images, tf.float32), training=False),
        input_signature=[signature],
    )
    if _on_gpu():
        return function
    folded = convert_variables_to_constants_v2(function.get_concrete_function())
    return tf.function(lambda images: folded(images)[0], input_signature=[signature])


def identity(bits: Bits) -> str:
    """What of this way of computing decides the digits of its outputs."""
    device = "GPU" if _on_gpu() else "CPU"
    rewritten = ", oneDNN bfloat16" if bits.onednn_bfloat16 else ""
    return f"TensorFlow {tf.__version__} graph, {device}, {bits.policy}{rewritten}"


def _on_gpu() -> bool:
    return bool(tf.config.list_logical_devices("GPU"))
