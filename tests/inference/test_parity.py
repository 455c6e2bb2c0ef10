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
from feature_worlds import spec_of

from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL
from transferkit.inference import parity
from transferkit.inference.devices import FLOAT32, Precision, resolve_precision
from transferkit.inference.engine import EngineSpec
from transferkit.inference.parity import Parity, compare_outputs, verify_parity
from transferkit.inference.predictor import BatchPredictor
from transferkit.storage.disk_cache import METADATA_FILE, features_folder

GPU = bool(tf.config.list_physical_devices("GPU"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(GPU, reason="engines are others on a GPU")]
needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")


@pytest.fixture
def noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph says noise."""
    monkeypatch.setitem(parity.ENGINES, "graph", worlds.Noise)


@pytest.mark.parametrize("bits", [FLOAT32, worlds.IN_16_BITS], ids=["32 bits", "16 bits"])
def test_who_agrees_stays(bits: Precision) -> None:
    engine = worlds.engine_of(worlds.pocket(), "graph", bits)
    assert verify_parity(engine, worlds.images(8)) is engine


@pytest.mark.usefixtures("noisy")
def test_who_does_not_is_given_up_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    engine, images = worlds.engine_of(worlds.pocket(), "graph"), worlds.images(2)
    found = verify_parity(engine, images)
    assert found.spec.cache_key == f"TensorFlow {tf.__version__} keras, CPU, float32"
    said = capsys.readouterr().err
    cosine = said.split(" float32 ")[2].split(" <")[0]
    assert said == (
        "The TensorFlow graph in float32 is not accurate enough for this network (cosine "
        f"similarity to Keras float32 {cosine} < 0.9999); using Keras float32 instead.\n"
    )
    assert -1 < float(cosine) < 0.9


def test_16_bits_that_are_too_few_are_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    if not resolve_precision("auto").onednn_bfloat16:
        pytest.skip("this processor has no bfloat16")
    engine = worlds.engine_of(worlds.of_small_differences(), "graph", worlds.IN_16_BITS)
    found = verify_parity(engine, worlds.images(8))
    assert (found.name, found.precision) == ("keras", FLOAT32)
    assert " < 0.9); using Keras float32 instead." in capsys.readouterr().err


def test_after_openvino_comes_a_graph_and_then_keras(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(parity.ENGINES, "openvino", worlds.Noise)
    engine = worlds.Noise(worlds.pocket(), EngineSpec("openvino", worlds.IN_16_BITS))
    images = worlds.images(8)
    assert verify_parity(engine, images).name == "graph"
    monkeypatch.setitem(parity.ENGINES, "graph", worlds.Noise)
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
    assert worlds.cosine_of([np.array(found)], [true]) == pytest.approx(cosine, nan_ok=True)
    assert worlds.cosine_of([true, np.array(found)], [true, true]) == pytest.approx(
        cosine, nan_ok=True
    )


def test_nothing_where_nothing_should_be_is_right() -> None:
    assert worlds.cosine_of([np.zeros((2, 3))], [np.zeros((2, 3))]) == 1


def test_the_largest_difference_is_of_all_outputs() -> None:
    true = [np.zeros((2, 3)), np.ones((2, 1))]
    found = [np.zeros((2, 3)), np.array([[1.0], [0.75]])]
    assert compare_outputs(true, found) == Parity(min_cosine=1.0, max_difference=0.25)


def test_a_function_that_is_no_engine_is_compared_with_a_network() -> None:
    model = worlds.pocket()
    images = worlds.images(3)

    def exported(images: np.ndarray) -> np.ndarray:
        return np.asarray(model(images.astype(np.float32), training=False))

    reference = BatchPredictor(model).predict_arrays(images)
    assert compare_outputs([reference], [exported(images)]).min_cosine > parity.MIN_COSINE_FLOAT32
    turned = compare_outputs([reference], [exported(images[::-1])])
    assert turned.min_cosine < parity.MIN_COSINE_FLOAT32
    assert compare_outputs([reference[:0]], [exported(images)[:0]]) == Parity(1.0, 0.0)


def test_what_is_not_a_number_is_not_agreed_to() -> None:
    nothing = np.full((1, 2), np.nan)
    assert not worlds.cosine_of([nothing], [np.ones((1, 2))]) >= -1


def identities() -> list[str]:
    return [
        json.loads(path.read_text())["engine"]
        for path in features_folder().glob(f"*/{METADATA_FILE}")
    ]


@pytest.mark.usefixtures("noisy")
def test_what_is_kept_is_by_the_engine_that_computed_it(
    drawn: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(path) for path in sorted(drawn(images=2).rglob("*.png"))]
    config = Config(model=ModelConfig(backbone="pocket"), data=DataConfig(image_size=32))

    def read(engine: str) -> np.ndarray:
        DEFAULT_POOL.clear()
        return extract_features(spec_of(config, engine=engine, precision="float32"), files).values

    first = read("graph")
    assert identities() == [f"TensorFlow {tf.__version__} keras, CPU, float32"]
    np.testing.assert_array_equal(first, read("keras"))
    np.testing.assert_array_equal(read("graph"), first)
    assert "Features of 6 of 6 images come from the cache." in capsys.readouterr().err
