"""Networks in 8-bit integers, by NNCF and OpenVINO."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import engine_worlds as worlds
import numpy as np
import pytest
from feature_worlds import spec_of

from transferkit import Config, DataConfig, ModelConfig
from transferkit.data.samples.photographs import varied_crops
from transferkit.errors import DeviceError
from transferkit.features.extract import extract_features
from transferkit.inference.devices import FLOAT32, resolve_precision
from transferkit.inference.engine import Engine, choose_engine
from transferkit.inference.openvino import quantization
from transferkit.inference.parity import verify_parity
from transferkit.storage.disk_cache import METADATA_FILE, features_folder

pytestmark = pytest.mark.slow

needs_nncf = pytest.mark.skipif(
    find_spec("nncf") is None or find_spec("openvino") is None, reason="NNCF is an extra"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return worlds.engine_of(worlds.pocket(), "auto", resolve_precision("int8"))


def said_of(engine: Engine, images: np.ndarray) -> list[np.ndarray]:
    return next(iter(engine.run([images])))


def test_int8_is_for_what_does_not_learn() -> None:
    bits, learning = resolve_precision("int8"), resolve_precision("auto")
    assert bits.int8
    assert bits.reduced
    assert bits.trainable == learning
    assert bits.words == f"{learning.words}, int8 for frozen layers"


@needs_nncf
def test_the_engine_says_that_it_is_int8() -> None:
    choice = choose_engine("auto", resolve_precision("int8"))
    release = version("openvino")
    assert choice.line == f"Engine: OpenVINO {release} on the CPU, int8; as asked."
    assert choice.cache_key == f"OpenVINO {release}, CPU, int8 by NNCF {version('nncf')}"
    assert choice == choose_engine("openvino", resolve_precision("int8"))


@pytest.mark.parametrize("name", ["keras", "graph"])
def test_another_engine_has_no_int8(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        choose_engine(name, resolve_precision("int8"))  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"The engine {name} was asked for, and int8 is computed by OpenVINO alone: leave "
        "--engine out, or --precision."
    )


@pytest.mark.parametrize("missing", ["openvino", "nncf"])
def test_without_its_packages_int8_is_a_sentence(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not installed
    with pytest.raises(DeviceError) as caught:
        choose_engine("auto", resolve_precision("int8"))
    assert str(caught.value) == (
        "The precision int8 was asked for, and OpenVINO or its NNCF is not installed: "
        "`pip install 'transferkit[openvino]'`, or `--precision auto` does without."
    )


@needs_nncf
def test_it_says_nearly_what_keras_says(engine: Engine) -> None:
    images = np.rot90(varied_crops(worlds.SIDE), axes=(1, 2)).copy()
    found, true = said_of(engine, images), [each.numpy() for each in engine.plain(images)]
    assert worlds.cosine_of(found, true) > 0.98
    assert not np.allclose(found[0], true[0], rtol=1e-4)  # or it is not in int8


@needs_nncf
def test_convolutions_are_computed_in_integers(engine: Engine) -> None:
    kinds = [
        str(node.get_rt_info()["runtimePrecision"].astype(str))
        for node in engine.network.get_runtime_model().get_ops()  # type: ignore[attr-defined]
        if "onvolution" in str(node.get_rt_info()["layerType"].astype(str))
    ]
    assert len(kinds) > 10
    assert set(kinds) <= {"i8", "u8"}


@needs_nncf
def test_quantised_again_it_says_the_same(engine: Engine) -> None:
    again = worlds.engine_of(worlds.pocket(), "auto", resolve_precision("int8"))
    images = worlds.images(8)
    assert (said_of(again, images)[0] == said_of(engine, images)[0]).all()


@needs_nncf
def test_biases_are_corrected_layer_by_layer_only_where_that_is_needed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = worlds.images(8)
    monkeypatch.setattr(quantization, "MIN_COSINE", 2.0)  # no network is as near
    slowly = worlds.engine_of(worlds.pocket(), "auto", resolve_precision("int8"))
    assert not np.array_equal(said_of(slowly, images)[0], said_of(engine, images)[0])
    true = [each.numpy() for each in engine.plain(images)]
    assert worlds.cosine_of(said_of(slowly, images), true) > 0.98


@needs_nncf
def test_every_output_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    engine = worlds.engine_of(worlds.with_two_outputs(), "auto", resolve_precision("int8"))
    images = varied_crops(worlds.SIDE)[:8]
    assert verify_parity(engine, images) is engine
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Quantized to int8 in ")


@needs_nncf
def test_a_network_that_8_bits_do_not_do_for_is_computed_as_without(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = worlds.engine_of(worlds.of_small_differences(), "auto", resolve_precision("int8"))
    found = verify_parity(engine, worlds.images(8))
    assert not found.precision.int8
    said = capsys.readouterr().err
    assert "OpenVINO int8 is not accurate enough for this network (cosine similarity" in said
    assert " < 0.9); using OpenVINO" in said


@needs_nncf
def test_features_in_int8_are_kept_apart(
    drawn: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(path) for path in sorted(drawn(images=3).rglob("*.png"))]
    config = Config(model=ModelConfig(backbone="pocket"), data=DataConfig(image_size=32))
    plain, found = (
        extract_features(spec_of(config, precision=precision), files).values
        for precision in ("float32", "int8")
    )
    assert worlds.cosine_of([found], [plain]) > 0.97
    assert (found != plain).any()
    names = {
        json.loads(path.read_text())["engine"]
        for path in features_folder().glob(f"*/{METADATA_FILE}")
    }
    assert names == {
        choose_engine("auto", FLOAT32).cache_key,
        choose_engine("auto", resolve_precision("int8")).cache_key,
    }
