"""The choice of an engine, and what only one of them does."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import engine_worlds as worlds
import keras
import numpy as np
import pytest
import tensorflow as tf

from transferkit.config.settings import PrecisionName
from transferkit.errors import DeviceError
from transferkit.inference import devices
from transferkit.inference.devices import FLOAT32, Precision, resolve_precision
from transferkit.inference.engine import EngineSpec, choose_engine
from transferkit.inference.tf_graph import trace

pytestmark = pytest.mark.slow

GPU = bool(tf.config.list_physical_devices("GPU"))
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
needs_cpu = pytest.mark.skipif(GPU, reason="it is about what is done without a GPU")
needs_bfloat16 = pytest.mark.skipif(
    not resolve_precision("auto").onednn_bfloat16, reason="this processor has no bfloat16"
)


def truth(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    return keras.tree.flatten(model.predict(images.astype("float32"), verbose=0))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_model_can_be_traced_in_float32(policy: str) -> None:
    plain, images = worlds.pocket(), worlds.images(3)
    keras.config.set_dtype_policy(policy)
    try:
        mixed = worlds.pocket.__wrapped__()
    finally:
        keras.config.set_dtype_policy("float32")
    exact, own = (trace(mixed, in_float32=each)(images)[0].numpy() for each in (True, False))
    assert exact == pytest.approx(truth(plain, images)[0], abs=1e-5)
    assert own != pytest.approx(exact, abs=1e-5)
    assert mixed.layers[-1].compute_dtype == policy.removeprefix("mixed_")


def test_all_devices_of_a_mirrored_model_share_a_batch() -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from transferkit.config.settings import ComputeConfig
from transferkit.inference.devices import FLOAT32, choose_device, chosen_strategy
device = choose_device(ComputeConfig(devices="cpu:2", precision="float32"))
import keras, numpy as np
import engine_worlds as worlds
plain = worlds.with_two_outputs()
with chosen_strategy().scope():
    model = worlds.with_two_outputs()
images = worlds.images(80)
batches = np.split(images, [1, 6, 7])
for name in ("keras", "graph"):
    engine = worlds.engine_of(model, name)
    found = [np.concatenate(each) for each in zip(*engine.run(batches))]
    expected = plain.predict(images.astype("float32"), verbose=0)
    print(name, engine.batch_size, *(np.allclose(a, b, atol=1e-3) for a, b in zip(found, expected)))
"""
    command = [sys.executable, "-c", code, str(worlds.__file__).rpartition("/")[0]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "keras 64 True True\ngraph 32 True True\n"


@needs_cpu
@needs_openvino
def test_without_a_gpu_openvino_is_chosen() -> None:
    choice = choose_engine("auto", worlds.IN_16_BITS)
    release = version("openvino")
    assert choice.line == (
        f"Engine: OpenVINO {release} on the CPU, bfloat16; the fastest without a GPU."
    )
    assert choice.cache_key == f"OpenVINO {release}, CPU, bf16"
    assert choose_engine("auto", FLOAT32).cache_key == f"OpenVINO {release}, CPU, f32"


@needs_cpu
@needs_openvino
@pytest.mark.parametrize(
    ("flags", "precision", "hinted"),
    [
        ("avx2 avx512_vnni", "auto", True),
        ("avx2 avx_vnni", "auto", True),
        ("avx2 avx512_vnni", "float32", False),
        ("avx2 avx512_vnni avx512_bf16", "auto", False),
        ("avx2", "auto", False),
    ],
)
def test_int8_is_named_where_it_is_faster(
    flags: str, precision: PrecisionName, hinted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "cpuinfo", lambda: f"flags : {flags}")
    hint = " (for training, --precision int8 reads faster, less exactly)"
    line = choose_engine("auto", resolve_precision(precision)).line
    assert line.endswith(f"; the fastest without a GPU{hint if hinted else ''}.")
    monkeypatch.setitem(sys.modules, "nncf", None)  # as if it were not installed
    assert hint not in choose_engine("auto", resolve_precision(precision)).line


@needs_cpu
def test_without_openvino_a_graph_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not installed
    choice = choose_engine("auto", FLOAT32)
    assert choice.line == (
        "Engine: a TensorFlow graph on the CPU, float32; OpenVINO, which is faster, is not "
        "installed (`pip install 'transferkit[openvino]'`)."
    )
    assert choice.cache_key == f"TensorFlow {tf.__version__} graph, CPU, float32"


def test_openvino_asked_for_and_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not installed
    with pytest.raises(DeviceError) as caught:
        choose_engine("openvino", FLOAT32)
    assert str(caught.value) == (
        "The engine openvino was asked for, and OpenVINO is not installed: "
        "`pip install 'transferkit[openvino]'`, or `--engine auto` does without."
    )


def test_what_decides_the_digits_is_in_the_identity() -> None:
    choices = [
        EngineSpec("keras", FLOAT32),
        EngineSpec("keras", worlds.IN_16_BITS),
        EngineSpec("graph", FLOAT32),
        EngineSpec("graph", Precision("mixed_float16", False, "")),
    ]
    assert len({choice.cache_key for choice in choices}) == 4
