"""Parity of outputs with Keras: measured, and required of an engine before it is used."""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np

from transferkit.inference.devices import FLOAT32
from transferkit.inference.engine import (
    Engine,
    EngineSpec,
    GraphEngine,
    KerasEngine,
    Outputs,
    choose_engine,
)
from transferkit.inference.openvino.engine import OpenVinoEngine
from transferkit.runtime.progress import log

CHECKED_IMAGES = 8
# Cosine similarities: MobileNetV2's is 0.966 at the least in bfloat16, 0.92 in int8 (of the input
# of its last block); 0.996 and 0.99 on average.
MIN_COSINE_REDUCED = 0.9
MIN_COSINE_FLOAT32 = 0.9999
ENGINES: dict[str, type[Engine]] = {
    "keras": KerasEngine,
    "graph": GraphEngine,
    "openvino": OpenVinoEngine,
}


@dataclass(frozen=True)
class Parity:
    """How near the outputs of one program are to those of a reference, over all images.

    Attributes:
        min_cosine: the least cosine similarity of an image's outputs; NaN where one is no number.
        max_difference: the largest absolute difference of two numbers.
    """

    min_cosine: float
    max_difference: float


def compare_outputs(reference: Outputs, candidate: Outputs) -> Parity:
    """Measure how near the `candidate` is to the `reference`: each output `(images, ...)`.

    It takes arrays alone, so that an engine, an exported file and another version are compared
    alike: `compare_outputs([network.predict_arrays(images)], [exported(images)])`.
    """
    pairs = list(zip(reference, candidate, strict=True))
    cosines = [_min_cosine(*pair) for pair in pairs]
    differences = [float(np.abs(true - output).max(initial=0)) for true, output in pairs]
    return Parity(float(np.min(cosines)), max(differences))


def start_engine(model: keras.Model, spec: EngineSpec) -> Engine:
    """Start the engine of `spec` for `model`; log and use a graph where OpenVINO cannot take it."""
    try:
        return ENGINES[spec.name](model, spec)
    except (RuntimeError, OSError) as error:  # it is converted by way of a temporary file
        if spec.name != "openvino":
            raise
        reason = str(error).strip().splitlines()[-1]
        fallback = _fallback(spec)
        log(f"OpenVINO cannot take this network ({reason}): {fallback.title}, is used instead.")
        return start_engine(model, fallback)


def verify_parity(engine: Engine, images: np.ndarray) -> Engine:
    """Return `engine` if its outputs for `images` are those of Keras in float32, else a fallback.

    `images` is `(images, height, width, 3)` uint8. An engine that is not accurate is logged.
    """
    reference: Outputs = []
    while True:
        outputs = next(iter(engine.run([images])))
        if engine.name == "keras" and not engine.precision.reduced:
            return engine  # nothing is nearer
        reference = reference or [output.numpy() for output in engine.plain(images)]
        cosine = compare_outputs(reference, outputs).min_cosine
        required = MIN_COSINE_REDUCED if engine.precision.reduced else MIN_COSINE_FLOAT32
        if cosine >= required:
            return engine
        fallback, title = _fallback(engine.spec), engine.spec.short_title
        log(
            f"{title[0].upper()}{title[1:]} is not accurate enough for this network (cosine "
            f"similarity to Keras float32 {cosine:.4f} < {required}); using "
            f"{fallback.short_title} instead."
        )
        engine = start_engine(engine.model, fallback)


def _min_cosine(reference: np.ndarray, candidate: np.ndarray) -> float:
    true, rows = (
        values.reshape(len(values), np.prod(values.shape[1:], dtype=int)).astype(np.float64)
        for values in (reference, candidate)
    )
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(true, axis=1)
    same = (rows == true).all(axis=1)  # zeros too, which have no direction
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.where(same, 1.0, np.where(lengths == 0, 0.0, (rows * true).sum(1) / lengths))
    return float(cosines.min(initial=1.0))


def _fallback(spec: EngineSpec) -> EngineSpec:
    """Return the engine after `spec`: more bits for int8, else a graph, and after that Keras."""
    if spec.precision.int8:
        return replace(choose_engine("auto", spec.precision.trainable), why="in place of int8")
    if spec.name == "openvino":
        return EngineSpec("graph", spec.precision, "in place of openvino")
    return EngineSpec("keras", FLOAT32, f"in place of {spec.name}")
