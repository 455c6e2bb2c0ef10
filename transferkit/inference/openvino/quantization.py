"""A network in 8-bit integers: quantised by NNCF, from photographs that are always the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from transferkit.data.samples.photographs import varied_crops
from transferkit.inference.openvino.core import openvino_core
from transferkit.inference.openvino.no_telemetry import import_without_telemetry
from transferkit.inference.openvino.quantized_cache import QuantizedNetworkCache
from transferkit.runtime.progress import log, track

CHECKED = 16  # images
MIN_COSINE = 0.99  # MobileNetV2's is 0.995 the fast way, MobileNet 0.25's 0.98, and then 0.996
MIN_NORM = 1e-30


def quantize(model: Any, *, bound: int = 0) -> Any:
    """`model`, an `openvino.Model` of uint8 images, with its convolutions and products in int8.

    It is kept between runs, with the features, which take `bound` bytes of the disk at most.
    """
    if not bound:
        return _made(model)
    cache = QuantizedNetworkCache(model, bound=bound)
    quantized = cache.read()
    if quantized is None:
        quantized = _made(model)
        cache.write(quantized)
    else:
        log("The int8 network comes from the cache.")
    return quantized


def _made(model: Any) -> Any:
    """`model` quantised, which takes some seconds, and that is said.

    The range of each activation is that of `varied_crops`, whatever images come later, so that the
    same network is quantised the same way for any folder. Biases are corrected all at once, which
    does for most networks, or layer by layer, in three times the time, where that is not enough.
    """
    started = time.perf_counter()
    crops = varied_crops(model.input(0).partial_shape[1].get_length())
    # Where batch normalisation is left beside the convolutions, NNCF sees no biases to correct.
    import_without_telemetry("openvino._offline_transformations").apply_moc_transformations(
        model, cf=False
    )
    quantized = _quantised(model, crops, fast=True)
    few = np.rot90(crops[:CHECKED], axes=(1, 2)).copy()  # not what it was quantised with
    if _mean_cosine(_said(quantized, few), _said(model, few)) < MIN_COSINE:
        quantized = _quantised(model, crops, fast=False)
    log(f"Quantized to int8 in {time.perf_counter() - started:.1f} s.")
    return quantized


def _quantised(model: Any, crops: np.ndarray, *, fast: bool) -> Any:
    nncf = import_without_telemetry("nncf")
    nncf.set_log_level(logging.ERROR)
    images = nncf.Dataset(_Shown(crops))
    with redirect_stdout(StringIO()):  # its own bars
        return nncf.quantize(model, images, subset_size=len(crops), fast_bias_correction=fast)


def _said(model: Any, images: np.ndarray) -> np.ndarray:
    """`(images, width)`: the last output of `model`, its features."""
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    network = openvino_core().compile_model(model, "CPU", hints)
    return np.asarray(network(images)[network.outputs[-1]]).reshape(len(images), -1)


def _mean_cosine(outputs: np.ndarray, reference: np.ndarray) -> float:
    lengths = np.linalg.norm(outputs, axis=1) * np.linalg.norm(reference, axis=1)
    return float(np.mean((outputs * reference).sum(axis=1) / np.maximum(lengths, MIN_NORM)))


class _Shown:
    """The images one at a time, as often as they are asked for; a bar shows how many are done."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[np.ndarray]:
        yield from track(self.images[:, None], len(self), doing="Measuring ranges for int8")
