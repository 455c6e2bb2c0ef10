"""From files to what a model says of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import engine_worlds as worlds
import keras
import numpy as np
import pytest

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import read_images
from transferkit.errors import DataError
from transferkit.inference import parity, predictor
from transferkit.inference.devices import FLOAT32
from transferkit.inference.engine import EngineSpec, GraphEngine, Outputs
from transferkit.inference.predictor import BatchPredictor
from transferkit.runtime.progress import log_once

pytestmark = pytest.mark.slow

DATA = DataConfig()


class Counting(GraphEngine):
    """A slow graph that counts the images of each batch."""

    sizes: ClassVar[list[int]] = []

    def __init__(self, model: keras.Model, spec: EngineSpec) -> None:
        super().__init__(model, spec)
        type(self).sizes = []

    def run(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        for images in batches:
            self.sizes.append(len(images))
            time.sleep(0.1)
            yield from super().run([images])


@pytest.fixture
def files(drawn: Callable[..., Path]) -> list[str]:
    return [str(path) for path in sorted(drawn(images=4).rglob("*.png"))]


def truth(files: list[str]) -> np.ndarray:
    images = read_images(files, worlds.SIDE, DATA).astype("float32")
    return worlds.pocket().predict(images, verbose=0)


def test_outputs_come_in_the_order_of_the_files(files: list[str]) -> None:
    found = BatchPredictor(worlds.pocket())(files, DATA, doing="Reading")
    assert found.dtype == np.float32
    assert found == pytest.approx(truth(files), abs=1e-4)


def test_no_file_gives_no_row() -> None:
    found = BatchPredictor(worlds.pocket(), precision=FLOAT32)([], DATA, doing="Reading")
    assert (found.shape, found.dtype) == ((0, 1760), np.float32)


def test_a_stream_has_all_outputs_of_each_batch(files: list[str]) -> None:
    read = BatchPredictor(worlds.with_two_outputs(), precision=FLOAT32)
    found = list(read.stream(files, DATA, doing="Reading", batch_size=5))
    assert [[each.shape for each in outputs] for outputs in found] == [
        [(5, 1760), (5, 8, 8, 3)],
        [(5, 1760), (5, 8, 8, 3)],
        [(2, 1760), (2, 8, 8, 3)],
    ]
    together = np.concatenate([features for features, _ in found])
    assert together == pytest.approx(truth(files), abs=1e-4)


def test_a_change_is_made_of_each_batch_by_its_place(files: list[str]) -> None:
    starts = []

    def change(images: np.ndarray, first: int) -> np.ndarray:
        starts.append(first)
        return images[:, :, ::-1]

    read = BatchPredictor(worlds.pocket())
    found = [each for (each,) in read.stream(files, DATA, doing="", batch_size=5, change=change)]
    mirrored = read_images(files, worlds.SIDE, DATA)[:, :, ::-1].astype("float32")
    expected = worlds.pocket().predict(mirrored, verbose=0)
    assert starts == [0, 5, 10]
    assert np.concatenate(found) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("bad", [0, 11])
@pytest.mark.parametrize("precision", [None, FLOAT32])
def test_a_file_that_cannot_be_read_is_a_sentence(
    bad: int, precision: predictor.Precision | None, files: list[str]
) -> None:
    Path(files[bad]).write_bytes(b"")
    with pytest.raises(DataError) as caught:
        BatchPredictor(worlds.pocket(), precision=precision)(files, DATA, doing="Reading")
    assert str(caught.value) == f"{files[bad]!r} is empty (0 bytes)."


def test_the_engine_is_said_once(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    log_once.cache_clear()
    for _ in range(2):
        read = BatchPredictor(worlds.pocket(), "graph", precision=FLOAT32)
    assert capsys.readouterr().err == f"{read.engine.spec.line}\n"


def test_a_finished_network_says_nothing_of_its_engine(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    BatchPredictor(worlds.pocket())(files, DATA, doing="Reading")
    assert capsys.readouterr().err == ""


def test_another_program_is_held_to_keras_for_a_finished_network(
    files: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed")
    monkeypatch.setitem(parity.ENGINES, "openvino", worlds.Noise)
    read = BatchPredictor(worlds.pocket(), "openvino")
    assert read(files, DATA, doing="Reading") == pytest.approx(truth(files), abs=1e-4)
    assert read.engine.name == "graph"
    assert "is not accurate enough" in capsys.readouterr().err


def test_it_is_held_to_keras_until_enough_images_were_seen(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parity.ENGINES, "graph", Counting)
    read = BatchPredictor(worlds.pocket(), "graph", precision=FLOAT32)
    for start, end in ((0, 1), (1, 3), (0, 12), (0, 12)):
        read(files[start:end], DATA, doing="Reading")
    held, all_of_it = [1, 2, 5], [1, 2, 12, 12]
    assert sorted(Counting.sizes) == sorted(held + all_of_it)


def test_threads_that_ask_at_once_hold_it_to_keras_once(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parity.ENGINES, "graph", Counting)
    read = BatchPredictor(worlds.pocket(), "graph", precision=FLOAT32)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: read.warm_up(files, DATA), range(4)))
    assert Counting.sizes == [8]


def test_on_a_gpu_a_finished_network_is_one_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "has_gpu", lambda: True)
    assert BatchPredictor(worlds.pocket()).engine.name == "graph"
