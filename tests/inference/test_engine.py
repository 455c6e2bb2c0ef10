"""Every engine says of every batch what Keras says of it."""

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

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import EngineName, ModelConfig, PrecisionName
from transferkit.errors import DeviceError
from transferkit.inference import devices
from transferkit.inference.devices import FLOAT32, Precision, resolve_precision
from transferkit.inference.engine import EngineSpec, choose_engine
from transferkit.inference.tf_graph import trace
from transferkit.models.classifier import build_extractor

pytestmark = pytest.mark.slow

GPU = bool(tf.config.list_physical_devices("GPU"))
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
needs_cpu = pytest.mark.skipif(GPU, reason="it is about what is done without a GPU")
needs_bfloat16 = pytest.mark.skipif(
    not resolve_precision("auto").onednn_bfloat16, reason="this processor has no bfloat16"
)
ENGINES = ("keras", "graph", pytest.param("openvino", marks=needs_openvino))
every_engine = pytest.mark.parametrize("name", ENGINES)


def truth(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    return keras.tree.flatten(model.predict(images.astype("float32"), verbose=0))


@every_engine
def test_it_says_what_keras_says(name: EngineName) -> None:
    model, images = worlds.pocket(), worlds.images(6)
    (found,) = next(iter(worlds.engine_of(model, name).run([images])))
    assert found.dtype == np.float32
    assert found == pytest.approx(truth(model, images)[0], abs=1e-4)


@every_engine
def test_every_output_comes_in_the_order_of_the_model(name: EngineName) -> None:
    model, images = worlds.with_two_outputs(), worlds.images(3)
    found = next(iter(worlds.engine_of(model, name).run([images])))
    expected = truth(model, images)
    assert [each.shape for each in found] == [each.shape for each in expected]
    assert all(one == pytest.approx(other, abs=1e-3) for one, other in zip(found, expected))  # noqa: B905


@every_engine
def test_batches_of_any_size_come_in_order(name: EngineName) -> None:
    model, images = worlds.pocket(), worlds.images(40)
    sizes = (1, 7, 8, 1, 20, 3)
    batches = np.split(images, np.cumsum(sizes)[:-1])
    found = list(worlds.engine_of(model, name).run(batches))
    assert [len(each) for (each,) in found] == list(sizes)
    together = np.concatenate([each for (each,) in found])
    assert together == pytest.approx(truth(model, images)[0], abs=1e-4)


@every_engine
def test_what_it_said_stays_as_it_was(name: EngineName) -> None:
    engine = worlds.engine_of(worlds.pocket(), name)
    found = list(engine.run([worlds.images(2)] * 9))
    assert all(np.array_equal(each[0], found[0][0]) for each in found)
    assert not any(np.shares_memory(each[0], found[0][0]) for each in found[1:])


@every_engine
def test_no_batch_gives_nothing(name: EngineName) -> None:
    assert list(worlds.engine_of(worlds.pocket(), name).run([])) == []


@every_engine
def test_who_stops_early_may_start_again(name: EngineName) -> None:
    engine, images = worlds.engine_of(worlds.pocket(), name), worlds.images(4)
    running = engine.run(iter([images] * 50))
    first = next(running)[0]
    running.close()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(next(iter(engine.run([images])))[0], first)


@every_engine
@pytest.mark.parametrize("kind", ["read-only", "every second", "turned"])
def test_a_batch_may_lie_in_memory_as_it_will(name: EngineName, kind: str) -> None:
    model, images = worlds.pocket(), worlds.images(6)
    if kind == "read-only":
        images.setflags(write=False)
    images = {"every second": images[::2], "turned": images[:, :, ::-1]}.get(kind, images)
    (found,) = next(iter(worlds.engine_of(model, name).run([images])))
    assert found == pytest.approx(truth(model, images.copy())[0], abs=1e-4)


@every_engine
@needs_bfloat16
def test_16_bits_point_the_same_way_and_are_no_32(name: EngineName) -> None:
    engine, images = worlds.engine_of(worlds.pocket(), name, worlds.IN_16_BITS), worlds.images(6)
    found, plain = next(iter(engine.run([images]))), [each.numpy() for each in engine.plain(images)]
    assert worlds.cosine_of(found, plain) > 0.99
    assert not np.array_equal(found[0], plain[0])


@every_engine
def test_pictures_are_looked_at_on_several_sides(name: EngineName) -> None:
    model = build_extractor(resolve_model(ModelConfig(backbone="pocket", image_sizes=(32, 64))))
    images = worlds.images(3, 64)
    (found,) = next(iter(worlds.engine_of(model, name).run([images])))
    assert found == pytest.approx(truth(model, images)[0], abs=1e-4)


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
