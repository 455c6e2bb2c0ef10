"""An engine that says something else than Keras is given up, and what is kept knows it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import engine_worlds as worlds
import keras
import numpy as np
import pytest
import tensorflow as tf

from transferkit.config.settings import DataConfig, ModelConfig
from transferkit.features import extract, extractor_pool
from transferkit.features.extract import extract_features
from transferkit.inference import parity
from transferkit.inference.devices import FLOAT32, Precision, resolve_precision
from transferkit.inference.engine import EngineSpec
from transferkit.inference.parity import min_cosine, verify_parity
from transferkit.storage.disk_cache import ABOUT, features_folder

GPU = bool(tf.config.list_physical_devices("GPU"))
pytestmark = pytest.mark.skipif(GPU, reason="engines are others on a GPU")
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
KERAS = "Keras on the CPU, float32"


@pytest.fixture
def noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph says noise."""
    monkeypatch.setitem(parity.KINDS, "graph", worlds.Noise)


@pytest.mark.parametrize("bits", [FLOAT32, worlds.IN_16_BITS], ids=["32 bits", "16 bits"])
def test_who_agrees_stays(bits: Precision) -> None:
    engine = worlds.engine_of(worlds.pocket(), "graph", bits)
    assert verify_parity(engine, worlds.images(8)) is engine


@pytest.mark.usefixtures("noisy")
def test_who_does_not_is_given_up_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    engine, images = worlds.engine_of(worlds.pocket(), "graph"), worlds.images(2)
    found = verify_parity(engine, images)
    assert found.identity == f"TensorFlow {tf.__version__} keras, CPU, float32"
    said = capsys.readouterr().err
    cosine = said.split(" is ")[2].split(",")[0]
    assert said == (
        "A TensorFlow graph on the CPU, float32, is given up: the cosine of what it says with what "
        f"Keras says in float32 is {cosine}, less than 0.9999. {KERAS}, is used instead.\n"
    )
    assert -1 < float(cosine) < 0.9


def test_16_bits_that_are_too_few_are_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    if not resolve_precision("auto").onednn_bfloat16:
        pytest.skip("this processor has no bfloat16")
    engine = worlds.engine_of(worlds.of_small_differences(), "graph", worlds.IN_16_BITS)
    found = verify_parity(engine, worlds.images(8))
    assert (found.name, found.bits) == ("keras", FLOAT32)
    assert f"less than 0.9. {KERAS}, is used instead." in capsys.readouterr().err


def test_after_openvino_comes_a_graph_and_then_keras(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(parity.KINDS, "openvino", worlds.Noise)
    engine = worlds.Noise(worlds.pocket(), EngineSpec("openvino", worlds.IN_16_BITS))
    images = worlds.images(8)
    monkeypatch.setattr(EngineSpec, "words", "It")
    assert verify_parity(engine, images).name == "graph"
    monkeypatch.setitem(parity.KINDS, "graph", worlds.Noise)
    assert verify_parity(engine, images).name == "keras"
    assert len(capsys.readouterr().err.splitlines()) == 3


@needs_openvino
def test_a_graph_computes_what_openvino_has_no_operation_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    picture = keras.Input((worlds.SIDE, worlds.SIDE, 3))
    said = keras.layers.Lambda(
        lambda values: tf.strings.to_number(tf.strings.as_string(values)),
        output_shape=(worlds.SIDE, worlds.SIDE, 3),
    )(picture)
    engine = worlds.engine_of(keras.Model(picture, said), "openvino")
    assert engine.name == "graph"
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"OpenVINO cannot take this network \(.+\): a TensorFlow graph .*, is used instead\.", line
    )


@needs_openvino
def test_a_graph_computes_where_no_temporary_file_can_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/full/nothing")
    assert worlds.engine_of(worlds.pocket(), "openvino").name == "graph"
    assert "Not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "cosine"),
    [
        ([[1, 0], [0, 2]], 1),
        ([[1, 0], [2, 2]], 0.5**0.5),
        ([[1, 0], [0, -2]], -1),
        ([[1, 0], [0, 0]], 0),
        ([[1, 0], [0, np.nan]], np.nan),
        ([[1, 0], [0, np.inf]], np.nan),
    ],
)
def test_the_worst_image_counts(found: list[list[float]], cosine: float) -> None:
    true = np.array([[1, 0], [0, 3]], np.float32)
    assert min_cosine([np.array(found)], [true]) == pytest.approx(cosine, nan_ok=True)
    assert min_cosine([true, np.array(found)], [true, true]) == pytest.approx(cosine, nan_ok=True)


def test_nothing_where_nothing_should_be_is_right() -> None:
    assert min_cosine([np.zeros((2, 3))], [np.zeros((2, 3))]) == 1


def test_what_is_not_a_number_is_not_agreed_to() -> None:
    nothing = np.full((1, 2), np.nan)
    assert not min_cosine([nothing], [np.ones((1, 2))]) >= -1


def identities() -> list[str]:
    return [json.loads(path.read_text())["engine"] for path in features_folder().glob(f"*/{ABOUT}")]


@pytest.mark.usefixtures("noisy")
def test_what_is_kept_is_by_the_engine_that_computed_it(
    drawn: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(path) for path in sorted(drawn(images=2).rglob("*.png"))]
    model, data = ModelConfig(backbone="pocket"), DataConfig(image_size=32)

    def read() -> np.ndarray:
        extract._read.cache_clear()
        extractor_pool._held.clear()
        asked = extract_features(model, data, files, engine="graph", precision="float32")
        return asked.values

    first = read()
    assert identities() == [f"TensorFlow {tf.__version__} keras, CPU, float32"]
    exact = extract_features(model, data, files, engine="keras", precision="float32").values
    np.testing.assert_array_equal(first, exact)
    np.testing.assert_array_equal(read(), first)
    assert "Features of 6 of 6 images were kept from before." in capsys.readouterr().err
