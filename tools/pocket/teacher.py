"""Targets of the student: feature maps of a pretrained network for the drawn pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tools.pocket.dataset import save_array, shard_paths
from tools.pocket.scenes import SIDE
from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import find_backbone
from transferkit.inference.devices import resolve_precision
from transferkit.inference.tf_graph import frozen_graph, has_gpu, trace
from transferkit.runtime.progress import log, track
from transferkit.storage.files import written_atomically

COMPONENTS = 256  # of the teacher's features, which are correlated
# Times the pictures' side: a teacher of stride 32 then has a map of the student's size.
ENLARGED = 2
BATCH = 50  # pictures

Graph = Callable[[tf.Tensor], tf.Tensor]


def teach(folder: Path, count: int, *, teacher: str, weights: str) -> None:
    """Write the missing targets of the first `count` pictures of `folder`.

    They are `(pictures, 6, 6, COMPONENTS)` float16: the principal components of the teacher's last
    feature map, partly whitened, with a deviation of 1 over all of them.

    Raises:
        ConfigError, WeightsError: the teacher is unknown, or its weights are not available.
    """
    pictures, targets = (shard_paths(folder, kind, count) for kind in ("pictures", "targets"))
    missing = [(p, t) for p, t in zip(pictures, targets, strict=True) if not t.exists()]
    if not missing:
        return
    log(f"{teacher} reads {count:,} pictures, enlarged to {ENLARGED * SIDE} px.")
    started = time.perf_counter()
    with resolve_precision("auto").autocast():
        network = _build(teacher, weights)
        basis = _cached_basis(folder, compiled(network), np.load(pictures[0]))
        read = compiled(_reduced(network, basis))
        for source, path in track(missing, len(missing), doing="Reading"):
            save_array(path, _read(read, np.load(source)).astype(np.float16))
    rate = sum(len(np.load(p, mmap_mode="r")) for p, _ in missing) / (time.perf_counter() - started)
    log(f"{rate:.0f} pictures per second.")


def compiled(model: keras.Model) -> Graph:
    """The one output of `model` as a graph from uint8 RGB, folded on a CPU."""
    function = trace(model)
    if not has_gpu():
        function = frozen_graph(function.get_concrete_function())
    return lambda images: function(images)[0]


def _build(teacher: str, weights: str) -> keras.Model:
    """`(pictures, SIDE, SIDE, 3)` RGB of 0..255 to the teacher's map of the picture enlarged."""
    row = find_backbone(teacher)
    image_size = ENLARGED * SIDE
    images = keras.Input((SIDE, SIDE, 3))
    enlarged = keras.layers.Resizing(image_size, image_size, interpolation="bilinear")(images)
    return keras.Model(images, build_backbone(row, weights, image_size)(preprocess(row, enlarged)))


def _reduced(network: keras.Model, basis: dict[str, np.ndarray]) -> keras.Model:
    layer = keras.layers.Dense(basis["axes"].shape[1], name="reduce")
    reduced = keras.Model(network.input, layer(network.output))
    layer.set_weights([basis["axes"], -basis["mean"] @ basis["axes"]])
    return reduced


def _cached_basis(folder: Path, read: Graph, pictures: np.ndarray) -> dict:
    """Return the principal components of the teacher's features, computed once in a lesson."""
    path = folder / "basis.npz"
    if not path.exists():
        with written_atomically(path) as temporary:
            np.savez(temporary, **principal_components(_read(read, pictures)))  # type: ignore[arg-type]
    with np.load(path) as arrays:
        return dict(arrays)


def principal_components(
    features: np.ndarray, components: int = COMPONENTS
) -> dict[str, np.ndarray]:
    """`mean` and `axes` of features `(..., width)`; `(features - mean) @ axes` has deviation 1.

    The square root of the usual whitening: the strong components stay stronger than the weak.
    """
    rows = features.reshape(-1, features.shape[-1]).astype(np.float64)
    mean = rows.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
    order = np.argsort(variances)[::-1][:components]
    axes = axes[:, order] / np.maximum(variances[order], 1e-9) ** 0.25
    axes /= ((rows - mean) @ axes).std()
    return {
        "mean": mean.astype(np.float32),
        "axes": axes.astype(np.float32),
        "explained": np.array(variances[order].sum() / variances.sum()),
    }


def _read(read: Graph, pictures: np.ndarray) -> np.ndarray:
    parts = range(0, len(pictures), BATCH)
    return np.concatenate([read(pictures[first : first + BATCH]).numpy() for first in parts])
