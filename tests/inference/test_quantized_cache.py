"""Quantised networks on disk: what is read back, what is made again, and what is removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import engine_worlds as worlds
import keras
import numpy as np
import pytest
from feature_worlds import spec_of

from transferkit import Config, DataConfig, ModelConfig
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL
from transferkit.inference.devices import resolve_precision
from transferkit.inference.engine import Engine, choose_engine
from transferkit.inference.openvino.quantized_cache import DIGEST, QuantizedNetworkCache
from transferkit.inference.parity import start_engine
from transferkit.storage.disk_cache import NETWORK, NETWORKS, features_folder, make_room

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("nncf") is None or find_spec("openvino") is None, reason="NNCF is an extra"
    ),
]
GENEROUS = 10**9
KEPT = "The int8 network comes from the cache.\n"


class World:
    """Engines, and what is logged of them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys, self._log, self._read = capsys, "", 0

    @property
    def log(self) -> str:
        """Everything on standard error."""
        self._log += self.capsys.readouterr().err
        return self._log

    def said(self) -> str:
        """Return the new text of the log since the last call."""
        new = self.log[self._read :]
        self._read = len(self.log)
        return new

    @property
    def made(self) -> int:
        """How often something was quantised."""
        return self.log.count("Quantized to int8 in ")

    def engine(self, model: keras.Model | None = None, *, bound: int = GENEROUS) -> Engine:
        """What a new process would start for `model`, else for `pocket`."""
        choice = replace(choose_engine("auto", resolve_precision("int8")), bound=bound)
        return start_engine(model or worlds.pocket(), choice)

    @property
    def files(self) -> list[Path]:
        return sorted((features_folder() / NETWORKS).glob("*"))


@pytest.fixture
def world(capsys: pytest.CaptureFixture[str]) -> World:
    return World(capsys)


def outputs_of(engine: Engine) -> list[np.ndarray]:
    return next(iter(engine.run([worlds.images(8)])))


def small(seed: int) -> keras.Model:
    """A network that is quantised in a moment, with random weights; its layers are named anew."""
    keras.utils.set_random_seed(seed)
    picture = keras.Input((worlds.SIDE, worlds.SIDE, 3))
    found = keras.layers.Conv2D(8, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(picture))
    return keras.Model(picture, keras.layers.GlobalAveragePooling2D()(found))


def test_it_is_read_back_and_says_the_same(world: World) -> None:
    first = outputs_of(world.engine(small(0)))
    assert world.said().splitlines()[-1].startswith("Quantized to int8 in ")
    made = world.made
    again = outputs_of(world.engine(small(0)))  # of other names
    assert world.made == made > 0
    assert world.said() == KEPT
    assert (again[0] == first[0]).all()
    assert [path.suffix for path in world.files] == [NETWORK]


def test_of_other_weights_it_is_another(world: World) -> None:
    first, second = (outputs_of(world.engine(small(seed))) for seed in (0, 1))
    assert len(world.files) == 2
    again = [outputs_of(world.engine(small(seed))) for seed in (0, 1)]
    assert (again[0][0] == first[0]).all()
    assert (again[1][0] == second[0]).all()


def test_each_output_is_read_back_as_itself(world: World) -> None:
    model = small(0)
    both = [*model.outputs, keras.layers.AveragePooling2D(4)(model.input)]
    features, picture = outputs_of(world.engine(keras.Model(model.input, both)))
    made = world.made
    again = outputs_of(world.engine(keras.Model(model.input, both)))
    assert world.made == made
    assert (again[0] == features).all()
    assert (again[1] == picture).all()
    turned = outputs_of(world.engine(keras.Model(model.input, both[::-1])))
    assert [each.shape for each in turned] == [picture.shape, features.shape]


@pytest.mark.parametrize("bound", [0, 1000])
def test_where_there_is_no_room_nothing_is_kept(world: World, bound: int) -> None:
    world.engine(small(0), bound=bound)
    made = world.made
    world.engine(small(0), bound=bound)
    assert world.made == 2 * made
    assert world.files == []


@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "other", "refused"])
def test_a_damaged_one_is_made_again(world: World, damage: str) -> None:
    first = outputs_of(world.engine(small(0)))
    (path,) = world.files
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    rest = bytes(content[DIGEST:-40])  # whole, and yet no network
    changed = {"flipped": content, "truncated": content[:-9], "empty": b"", "other": b"0123"}
    path.write_bytes((changed | {"refused": sha256(rest).digest() + rest})[damage])
    made = world.made
    world.said()
    again = outputs_of(world.engine(small(0)))
    assert world.made == 2 * made
    first_line, *others = world.said().splitlines()
    assert first_line == (
        f"A cached int8 network was damaged and is made again: '{path}' is removed."
    )
    assert KEPT.strip() not in others
    assert (again[0] == first[0]).all()
    assert world.files == [path]
    world.engine(small(0))
    assert world.said() == KEPT


def test_the_least_recently_used_goes_first(world: World) -> None:
    world.engine(small(0))
    (first,) = world.files
    world.engine(small(1))
    (second,) = set(world.files) - {first}
    os.utime(first, (1.6e9, 1.6e9))
    os.utime(second, (1.7e9, 1.7e9))
    world.engine(small(0))  # the first is used now
    make_room(features_folder(), first.stat().st_size)
    assert world.files == [first]
    make_room(features_folder(), 0)
    assert not first.parent.exists()


def test_where_nothing_can_be_written_it_goes_on_and_says_it_once(
    world: World, own_cache: Path
) -> None:
    own_cache.parent.mkdir(exist_ok=True, parents=True)
    own_cache.write_text("in the way")
    first = outputs_of(world.engine(small(0)))
    assert (outputs_of(world.engine(small(0)))[0] == first[0]).all()
    (line,) = [line for line in world.said().splitlines() if "cannot" in line]
    assert line == (
        f"Networks in int8 cannot be cached in '{features_folder()}' (Not a directory): free some "
        "space, name another folder in TRANSFERKIT_CACHE, or pass --cache-gb 0."
    )


def test_one_that_cannot_be_serialised_is_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = world.engine(small(0), bound=0).network.get_runtime_model()  # type: ignore[attr-defined]
    place = QuantizedNetworkCache(network, bound=GENEROUS)
    monkeypatch.setattr(tempfile, "tempdir", "/dev/full/nothing")
    place.write(network)
    assert "Networks in int8 cannot be cached in" in world.said()
    assert world.files == []


def test_features_of_another_folder_need_not_quantise_again(
    world: World, drawn: Callable[..., Path]
) -> None:
    config = Config(model=ModelConfig(backbone="pocket"), data=DataConfig(image_size=32))
    for seed in (0, 1):
        folder = drawn(f"images {seed}", images=2, seed=seed)
        files = [str(path) for path in sorted(folder.rglob("*.png"))]
        DEFAULT_POOL.clear()  # as in a new process
        extract_features(spec_of(config, precision="int8"), files)
    assert world.made == 1
    assert world.said().count(KEPT) == 1
