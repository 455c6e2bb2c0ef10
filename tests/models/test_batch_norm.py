"""Moving statistics of batch normalisation: right in 16 bits too, and as measured."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tools.pocket.distill import measure_statistics
from transferkit.inference.devices import Precision
from transferkit.models.freezing import let_statistics_follow

RATES = {"float32": False, "bfloat16 by oneDNN": True}


def build() -> keras.Model:
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 4))
    x = keras.layers.Conv2D(4, 1, use_bias=False, name="below")(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(name="normal")(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(x))
    inner = keras.Model(images, x, name="inner")
    outer = keras.Input((8, 8, 4))
    return keras.Model(outer, inner(outer))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    found = rng.standard_normal((512, 8, 8, 4)) * np.sqrt([0.02, 0.1, 0.2, 0.3]) + 0.3
    return found.astype(np.float32)


def true_statistics(model: keras.Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    maps = np.asarray(model.get_layer("inner").get_layer("below")(images))
    return maps.mean((0, 1, 2)), maps.var((0, 1, 2))


@pytest.mark.parametrize("onednn", RATES.values(), ids=RATES)
def test_statistics_follow_in_training(onednn: bool, images: np.ndarray) -> None:
    """TensorFlow rewrites Keras' update to bfloat16 too, in which a hundredth of a step is lost."""
    model = build()
    let_statistics_follow(model)
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", jit_compile=False)
    with Precision("float32", onednn, "").autocast():
        model.fit(images, np.zeros((512, 2)), batch_size=32, epochs=5, verbose=0)
    _, _, mean, variance = model.get_layer("inner").get_layer("normal").get_weights()
    true_mean, true_variance = true_statistics(model, images)
    np.testing.assert_allclose(variance, true_variance, rtol=0.1)
    np.testing.assert_allclose(mean, true_mean, atol=0.03)


def test_measured_statistics_are_the_means_over_batches(images: np.ndarray) -> None:
    model = build()
    normal = model.get_layer("inner").get_layer("normal")
    measure_statistics(model, (images[:256], images[256:]))
    _, _, mean, variance = normal.get_weights()
    halves = [true_statistics(model, half) for half in (images[:256], images[256:])]
    np.testing.assert_allclose(mean, np.mean([each[0] for each in halves], axis=0), rtol=1e-4)
    np.testing.assert_allclose(variance, np.mean([each[1] for each in halves], axis=0), rtol=1e-4)
    assert normal.momentum == 0.99
