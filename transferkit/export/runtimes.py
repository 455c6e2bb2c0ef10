"""Exported models, computed by their own runtimes: pixels in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from transferkit.export.formats import ExportFormat

Run = Callable[[np.ndarray], np.ndarray]
"""RGB `(batch, image_size, image_size, 3)` of 0..255 in, `(batch, classes)` float32 out."""
ENCODED = "encoded"  # the signature of a SavedModel that takes the content of image files


def load_exported(row: ExportFormat, folder: str | Path) -> Run:
    """Load the model of the export in `folder` with the runtime of its format."""
    run = LOADERS[row.name](str(row.path(folder)))
    return lambda images: run(np.ascontiguousarray(images, np.float32))


def load_encoded(folder: str | Path) -> Callable[[list[bytes]], np.ndarray]:
    """Load the signature of a SavedModel that takes the contents of image files."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    signature = loaded.signatures[ENCODED]

    def run(contents: list[bytes]) -> np.ndarray:
        (output,) = signature(image_bytes=tf.constant(contents, tf.string)).values()
        return np.asarray(output)

    run.__dict__["loaded"] = loaded  # the signature does not hold its variables
    return run


def _keras(path: str) -> Run:
    from transferkit.models.loading import load_model

    model = load_model(Path(path))
    return lambda images: np.asarray(model.predict_on_batch(images))


def _saved_model(path: str) -> Run:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    signature = loaded.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]

    def run(images: np.ndarray) -> np.ndarray:
        (output,) = signature(**{name: tf.constant(images)}).values()
        return np.asarray(output)

    run.__dict__["loaded"] = loaded  # the signature does not hold its variables
    return run


def _litert(path: str) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path)
    (images_in,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape: tuple[int, ...] = ()

    def run(images: np.ndarray) -> np.ndarray:
        nonlocal shape
        if images.shape != shape:
            interpreter.resize_tensor_input(images_in["index"], images.shape)
            interpreter.allocate_tensors()
            shape = images.shape
        interpreter.set_tensor(images_in["index"], images)
        interpreter.invoke()
        return interpreter.get_tensor(output["index"])

    return run


def _onnx(path: str) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0]


def _openvino(path: str) -> Run:
    from transferkit.inference.openvino.core import openvino_core

    # Without the hint, OpenVINO computes in bfloat16 if the processor is fast at it.
    compiled = openvino_core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda images: compiled(images)[0]


LOADERS: dict[str, Callable[[str], Run]] = {
    "keras": _keras,
    "saved_model": _saved_model,
    "litert": _litert,
    "litert-int8": _litert,
    "onnx": _onnx,
    "openvino": _openvino,
}
"""Loader of each format; it imports the runtime."""
