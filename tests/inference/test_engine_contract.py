"""The contract of an engine: it says of every batch what Keras says of it."""

from __future__ import annotations

from importlib.util import find_spec

import engine_worlds as worlds
import keras
import numpy as np
import pytest

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import EngineName, ModelConfig
from transferkit.inference.devices import FLOAT32, resolve_precision
from transferkit.inference.engine import Engine
from transferkit.models.classifier import build_extractor

pytestmark = pytest.mark.slow

needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
needs_nncf = pytest.mark.skipif(find_spec("nncf") is None, reason="NNCF is an extra")
needs_bfloat16 = pytest.mark.skipif(
    not resolve_precision("auto").onednn_bfloat16, reason="this processor has no bfloat16"
)
NAMES = ("keras", "graph", pytest.param("openvino", marks=needs_openvino))
every_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(
    scope="module", params=[*NAMES, pytest.param("int8", marks=[needs_openvino, needs_nncf])]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of the embedded backbone: in float32, and OpenVINO's in int8."""
    if request.param == "int8":
        return worlds.engine_of(worlds.pocket(), "auto", resolve_precision("int8"))
    return worlds.engine_of(worlds.pocket(), request.param)


def features(engine: Engine, images: np.ndarray) -> np.ndarray:
    (found,) = next(iter(engine.run([images])))
    return found


def check(engine: Engine, found: np.ndarray, images: np.ndarray) -> bool:
    """Return whether `found` is near the outputs of Keras for `images`."""
    true = worlds.pocket().predict(images.astype("float32"), verbose=0)
    if engine.precision.int8:
        return worlds.cosine_of([found], [true]) > 0.97
    return bool(np.allclose(found, true, rtol=0, atol=1e-4))


def test_it_says_what_keras_says(engine: Engine) -> None:
    images = worlds.images(6)
    found = features(engine, images)
    assert found.dtype == np.float32
    assert check(engine, found, images)


def test_batches_of_any_size_come_in_order(engine: Engine) -> None:
    images, sizes = worlds.images(40), (1, 7, 8, 1, 20, 3)
    found = list(engine.run(np.split(images, np.cumsum(sizes)[:-1])))
    assert [len(each) for (each,) in found] == list(sizes)
    assert check(engine, np.concatenate([each for (each,) in found]), images)


def test_what_it_said_stays_as_it_was(engine: Engine) -> None:
    found = list(engine.run([worlds.images(2)] * 9))
    assert all(np.array_equal(each[0], found[0][0]) for each in found)
    assert not any(np.shares_memory(each[0], found[0][0]) for each in found[1:])


def test_no_batch_gives_nothing(engine: Engine) -> None:
    assert list(engine.run([])) == []


def test_who_stops_early_may_start_again(engine: Engine) -> None:
    images = worlds.images(4)
    running = engine.run(iter([images] * 50))
    first = next(running)[0]
    running.close()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(features(engine, images), first)


@pytest.mark.parametrize("kind", ["read-only", "every second", "turned"])
def test_a_batch_may_lie_in_memory_as_it_will(engine: Engine, kind: str) -> None:
    images = worlds.images(6)
    if kind == "read-only":
        images.setflags(write=False)
    images = {"every second": images[::2], "turned": images[:, :, ::-1]}.get(kind, images)
    assert check(engine, features(engine, images), images.copy())


@every_name
def test_every_output_comes_in_the_order_of_the_model(name: EngineName) -> None:
    model, images = worlds.with_two_outputs(), worlds.images(3)
    found = next(iter(worlds.engine_of(model, name).run([images])))
    expected = keras.tree.flatten(model.predict(images.astype("float32"), verbose=0))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)


@every_name
@needs_bfloat16
def test_16_bits_point_the_same_way_and_are_no_32(name: EngineName) -> None:
    engine, images = worlds.engine_of(worlds.pocket(), name, worlds.IN_16_BITS), worlds.images(6)
    found, plain = next(iter(engine.run([images]))), [each.numpy() for each in engine.plain(images)]
    assert worlds.cosine_of(found, plain) > 0.99
    assert not np.array_equal(found[0], plain[0])


@every_name
def test_pictures_are_looked_at_on_several_sides(name: EngineName) -> None:
    model = build_extractor(resolve_model(ModelConfig(backbone="pocket", image_sizes=(32, 64))))
    images = worlds.images(3, 64)
    expected = model.predict(images.astype("float32"), verbose=0)
    found = features(worlds.engine_of(model, name, FLOAT32), images)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
