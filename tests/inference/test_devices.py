from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from transferkit.config.settings import ComputeConfig
from transferkit.errors import DeviceError
from transferkit.inference.devices import choose_device, missing_gpu, resolve_precision
from transferkit.runtime.environment import processor

GPU = bool(tf.config.list_physical_devices("GPU"))


def test_the_line_says_device_strategy_and_precision() -> None:
    line = choose_device(ComputeConfig(devices="cpu", precision="float32")).line
    assert line.startswith(f"Device: CPU ({processor()}, ")
    assert line.endswith(" cores), one device, float32 as asked.")


def test_the_line_says_why_there_is_no_gpu() -> None:
    line = choose_device(ComputeConfig(precision="float32")).line
    assert line.endswith("." if GPU else f"; no GPU: {missing_gpu()}.")


@pytest.mark.parametrize(
    "settings", [{"require_gpu": True}, {"devices": "cpu", "require_gpu": True}]
)
def test_a_required_gpu_that_is_not_there_is_one_sentence(settings: dict[str, object]) -> None:
    if GPU and "devices" not in settings:
        assert "GPU" in choose_device(ComputeConfig(**settings)).line
        return
    with pytest.raises(DeviceError) as caught:
        choose_device(ComputeConfig(**settings))
    assert str(caught.value) == (
        f"A GPU is required, and {missing_gpu()}; `--compute.devices cpu` does without."
    )


def test_16_bits_are_used_within_fast_and_nowhere_else() -> None:
    bits = resolve_precision("bfloat16")
    name = "auto_mixed_precision_onednn_bfloat16"
    with bits.autocast():
        assert tf.config.optimizer.get_experimental_options()[name] is True
    assert tf.config.optimizer.get_experimental_options()[name] is False


def test_the_dtype_policy_is_as_before_after_building() -> None:
    before = keras.config.dtype_policy()
    with choose_device(ComputeConfig(devices="cpu")).building():
        pass
    assert keras.config.dtype_policy() == before


def test_logical_devices_after_tensorflow_has_started_are_one_sentence() -> None:
    np.asarray(tf.constant(1))  # now it has
    with pytest.raises(DeviceError) as caught:
        choose_device(ComputeConfig(devices="cpu:3"))
    assert str(caught.value) == (
        "The CPU cannot be 3 logical devices any more, since TensorFlow has started: "
        "ask for them in a fresh process, before anything else."
    )


@pytest.mark.slow
def test_two_logical_devices_are_mirrored() -> None:
    code = (
        "from transferkit.config.settings import ComputeConfig\n"
        "from transferkit.inference.devices import choose_device\n"
        "device = choose_device(ComputeConfig(devices='cpu:2'))\n"
        "print(device.strategy.num_replicas_in_sync, '2 replicas (mirrored)' in device.line)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 True\n"
