"""Small networks for the engines, and engines that say something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import keras
import numpy as np

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import EngineName, ModelConfig
from transferkit.inference.devices import FLOAT32, Precision
from transferkit.inference.engine import Engine, GraphEngine, Outputs, choose_engine
from transferkit.inference.parity import compare_outputs, start_engine
from transferkit.models.classifier import build_extractor

SIDE = 32
IN_16_BITS = Precision("float32", True, "bfloat16 by oneDNN as asked")


def images(count: int, image_size: int = SIDE) -> np.ndarray:
    """`(count, side, side, 3)` uint8: noise, each image the first ones of a larger count."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, image_size, image_size, 3), dtype=np.uint8)


@cache
def pocket() -> keras.Model:
    """The embedded backbone, whose weights are real, at `SIDE`; not to be changed."""
    return build_extractor(resolve_model(ModelConfig(backbone="pocket")), SIDE)


def with_two_outputs() -> keras.Model:
    """Pictures in; out come the features, and the map that the last of them are pooled of."""
    extractor = pocket()
    picture = keras.Input((SIDE, SIDE, 3))
    return keras.Model(picture, [extractor(picture), keras.layers.AveragePooling2D(4)(picture)])


def of_small_differences() -> keras.Model:
    """It looks at differences of numbers around 100,000, which bfloat16 does not tell apart."""
    picture = keras.Input((SIDE, SIDE, 3))
    layer = keras.layers.Conv2D(8, 3)
    found = layer(keras.layers.Rescaling(1.0, 1e5)(picture))
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 8))
    layer.set_weights([kernel - kernel.mean(axis=(0, 1, 2)), np.zeros(8)])
    return keras.Model(picture, keras.layers.Flatten()(found))


class Noise(GraphEngine):
    """A graph that says something else than the model."""

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        generator = np.random.default_rng(0)
        for outputs in super().run(batches):
            yield [generator.normal(size=each.shape).astype(np.float32) for each in outputs]


def engine_of(model: keras.Model, name: EngineName, bits: Precision = FLOAT32) -> Engine:
    return start_engine(model, choose_engine(name, bits))


def cosine_of(found: Outputs, true: Outputs) -> float:
    """The least cosine of an image's outputs with the true ones."""
    return compare_outputs(true, found).min_cosine
