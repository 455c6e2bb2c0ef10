"""Gradients of convolutions as products of matrices: against TensorFlow's own, in float32."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from transferkit.config.settings import Config, TrainConfig
from transferkit.inference.devices import choose_device
from transferkit.training.conv_gradients import SMALL, WIDE, gradients_by_products
from transferkit.training.dataset import SplitData
from transferkit.training.state import TrainingState, training_context

LATE: list[dict[str, Any]] = [
    {"kernel_size": 1},
    {"kernel_size": 1, "strides": 2},
    {"kernel_size": 1, "strides": 2, "padding": "same"},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "padding": "valid"},
    {"kernel_size": 2, "padding": "same"},
    {"kernel_size": (1, 7), "padding": "same", "use_bias": False},
    {"kernel_size": (7, 1), "padding": "same", "activation": "relu"},
]
OTHER: list[dict[str, Any]] = [
    {"kernel_size": 3, "strides": 2, "padding": "same"},
    {"kernel_size": 3, "dilation_rate": 2},
    {"kernel_size": 1, "groups": 2},
    {"kernel_size": 1, "trainable": False},
]


def network(image_size: int = 7, channels: int = WIDE, **settings: Any) -> keras.Model:
    """One convolution, to another number of channels than it is given."""
    keras.utils.set_random_seed(0)
    layer = keras.layers.Conv2D(2 * channels, **settings)
    return keras.Sequential([keras.Input((image_size, image_size, channels)), layer])


def asked(model: keras.Model) -> list[np.ndarray]:
    """What `model` says of four maps, and the gradients of a sum of it, by maps and weights."""
    rng = np.random.default_rng(0)
    maps = tf.constant(rng.normal(size=(4, *model.input_shape[1:])), tf.float32)
    factors = tf.constant(rng.normal(size=(4, *model.output_shape[1:])), tf.float32)

    @tf.function
    def compute() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            said = model(maps, training=True)
            total = tf.reduce_sum(said * factors)
        weights = [each.value for each in model.trainable_variables]
        return [said, *tape.gradient(total, [maps, *weights])]

    return [each.numpy() for each in compute()]


@pytest.mark.parametrize("settings", LATE, ids=str)
def test_the_gradients_are_those_of_tensorflow(settings: dict[str, Any]) -> None:
    model = network(**settings)
    own = asked(model)
    with gradients_by_products(model):
        found = asked(model)
    np.testing.assert_array_equal(found[0], own[0])
    for ours, theirs in zip(found[1:], own[1:], strict=True):
        # Eight bits a factor: a few thousandths of the largest.
        np.testing.assert_allclose(ours, theirs, atol=0.01 * np.abs(theirs).max())
    assert not np.array_equal(found[2], own[2])  # so it was by products


@pytest.mark.parametrize(
    "settings",
    [*OTHER, {"side": 21, "kernel_size": 1}, {"channels": WIDE // 2, "kernel_size": 1}],
    ids=str,
)
def test_what_would_not_gain_is_left_as_it_is(settings: dict[str, Any]) -> None:
    assert 20 * 20 <= SMALL < 21 * 21
    model = network(**settings)
    own = asked(model)
    with gradients_by_products(model):
        found = asked(model)
    for ours, theirs in zip(found, own, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_afterwards_the_layer_is_as_it_was() -> None:
    model = network(kernel_size=3)
    before = set(vars(model.layers[0]))
    with gradients_by_products(model):
        assert "convolution_op" in vars(model.layers[0])
    assert set(vars(model.layers[0])) == before


def test_layers_within_layers_are_found_too() -> None:
    inner = network(kernel_size=1)
    model = keras.Sequential([keras.Input(inner.input_shape[1:]), inner])
    with gradients_by_products(model):
        assert "convolution_op" in vars(inner.layers[0])


@pytest.mark.parametrize("bfloat16", [True, False])
def test_a_network_learns_so_where_the_processor_has_bfloat16(bfloat16: bool) -> None:
    model, device = network(kernel_size=1), choose_device(TrainConfig(devices="cpu"))
    bits = dataclasses.replace(device.bits, onednn_bfloat16=bfloat16)
    none = SplitData(
        [], np.zeros((0, 2), np.float32), np.zeros(0, np.float32), batch_size=1, groups=[]
    )
    fit = TrainingState(model, Config(), dataclasses.replace(device, bits=bits), none, none)
    with training_context(fit, model):
        assert ("convolution_op" in vars(model.layers[0])) is bfloat16
