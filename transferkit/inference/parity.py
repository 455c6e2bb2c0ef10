"""An engine held to what Keras says, and another in its place where it says something else."""

from __future__ import annotations

from dataclasses import replace

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

CHECKED_IMAGES = 8  # images
# Cosines: MobileNetV2's is 0.966 at the least in bfloat16, 0.92 in int8 (of what enters its last
# block); 0.996 and 0.99 on average.
MIN_COSINE_REDUCED = 0.9
MIN_COSINE_FLOAT32 = 0.9999
KINDS: dict[str, type[Engine]] = {
    "keras": KerasEngine,
    "graph": GraphEngine,
    "openvino": OpenVinoEngine,
}


def start_engine(model: keras.Model, choice: EngineSpec) -> Engine:
    """The engine of `choice` for `model`; where OpenVINO cannot take it, a graph, which is said."""
    try:
        return KINDS[choice.name](model, choice)
    except (RuntimeError, OSError) as error:  # it is converted by way of a temporary file
        if choice.name != "openvino":
            raise
        reason = str(error).strip().splitlines()[-1]
        lower = _lower(choice)
        log(f"OpenVINO cannot take this network ({reason}): {lower.words}, is used instead.")
        return start_engine(model, lower)


def verify_parity(engine: Engine, images: np.ndarray) -> Engine:
    """`engine`, if it says of `images` what Keras says in float32; else the next that does.

    `images` is `(images, height, width, 3)` uint8. What is left out is said, and why.
    """
    truth: Outputs = []
    while True:
        found = next(iter(engine.run([images])))
        if engine.name == "keras" and not engine.bits.reduced:
            return engine  # nothing is nearer
        truth = truth or [each.numpy() for each in engine.plain(images)]
        cosine = min_cosine(found, truth)
        least = MIN_COSINE_REDUCED if engine.bits.reduced else MIN_COSINE_FLOAT32
        if cosine >= least:
            return engine
        lower = _lower(engine.choice)
        words = engine.choice.words
        log(
            f"{words[0].upper()}{words[1:]}, is given up: the cosine of what it says with what "
            f"Keras says in float32 is {cosine:.4f}, less than {least}. {lower.words}, is used "
            "instead."
        )
        engine = start_engine(engine.model, lower)


def min_cosine(found: Outputs, truth: Outputs) -> float:
    """The least cosine of an image's outputs with the true ones; NaN if one is no number."""
    return min(map(_min_cosine, found, truth), key=lambda each: each if each == each else -2.0)


def _min_cosine(found: np.ndarray, truth: np.ndarray) -> float:
    rows, true = (each.reshape(len(each), -1).astype(np.float64) for each in (found, truth))
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(true, axis=1)
    same = (rows == true).all(axis=1)  # zeros too, which have no direction
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.where(same, 1.0, np.where(lengths == 0, 0.0, (rows * true).sum(1) / lengths))
    return float(cosines.min())


def _lower(choice: EngineSpec) -> EngineSpec:
    """What stands in for an engine: more bits for int8, else a graph, and after that Keras."""
    if choice.bits.int8:
        return replace(choose_engine("auto", choice.bits.learning), why="in place of int8")
    if choice.name == "openvino":
        return EngineSpec("graph", choice.bits, "in place of openvino")
    return EngineSpec("keras", FLOAT32, f"in place of {choice.name}")
