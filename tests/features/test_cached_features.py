"""Features in a second process: what is on disk is not computed again, and costs what it did."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from engine_worlds import IN_16_BITS
from feature_worlds import spec_of
from PIL import Image

from transferkit.config.settings import Config, EngineName, PrecisionName
from transferkit.features.cache.listing import list_tables
from transferkit.features.cache.table import FeatureBatch
from transferkit.features.extract import extract_features, load_features
from transferkit.features.extractor_pool import DEFAULT_POOL
from transferkit.inference import predictor
from transferkit.inference.devices import FLOAT32
from transferkit.inference.engine import Engine, EngineSpec
from transferkit.inference.parity import start_engine
from transferkit.storage.disk_cache import features_folder

pytestmark = pytest.mark.slow


def forget() -> None:
    """As at the start of a process."""
    DEFAULT_POOL.clear()


@pytest.fixture
def files(drawn: Callable[..., Path]) -> list[str]:
    return [str(path) for path in sorted((drawn(images=4) / "circles").iterdir())]


def read(
    config: Config,
    files: list[str],
    precision: PrecisionName = "auto",
    *,
    engine: EngineName = "auto",
) -> FeatureBatch:
    forget()
    return extract_features(spec_of(config, precision=precision, engine=engine), files)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines since the last call, but for the engine's, which a process says once."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if not line.startswith("Engine: ")]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_second_process_builds_no_network_and_reads_the_same(
    pretrained: Config, files: list[str], precision: PrecisionName
) -> None:
    first, second = (read(pretrained, files, precision) for _ in range(2))
    np.testing.assert_array_equal(second.values, first.values)
    assert not DEFAULT_POOL.specs


def test_how_many_were_kept_is_said(
    pretrained: Config, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    read(pretrained, files[:3])
    assert said(capsys) == []
    read(pretrained, files)
    assert said(capsys) == ["Features of 3 of 4 images come from the cache."]


def test_a_file_under_another_name_is_known_and_another_content_is_not(
    pretrained: Config, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = read(pretrained, files).values
    shutil.move(files[0], files[0] + ".renamed.png")
    Image.new("RGB", (40, 40), "red").save(files[1])
    after = read(pretrained, [files[0] + ".renamed.png", *files[1:]]).values
    assert said(capsys) == ["Features of 3 of 4 images come from the cache."]
    np.testing.assert_array_equal((after == before).all(axis=1), [True, False, True, True])


def test_what_reading_back_saves_is_still_a_cost(pretrained: Config, files: list[str]) -> None:
    first, second = read(pretrained, files).seconds, read(pretrained, files).seconds
    forget()
    loaded = load_features(spec_of(pretrained), files)
    assert first > 0
    assert [second, loaded.seconds, loaded.cached_seconds] == pytest.approx([first] * 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: dataclasses.replace(
            config, model=dataclasses.replace(config.model, pooling="max")
        ),
        lambda config: dataclasses.replace(
            config, data=dataclasses.replace(config.data, resize="crop")
        ),
        lambda config: dataclasses.replace(
            config, data=dataclasses.replace(config.data, image_size=64)
        ),
    ],
    ids=["pooling", "resize", "side"],
)
def test_what_decides_the_features_is_another_table(
    pretrained: Config, files: list[str], change: Callable[[Config], Config]
) -> None:
    read(pretrained, files[:1])
    read(change(pretrained), files[:1])
    assert [each.images for each in list_tables(features_folder())] == [1, 1]


def test_other_weights_are_another_table(
    pretrained: Config, files: list[str], tmp_path: Path
) -> None:
    weights = tmp_path / "other.weights.h5"
    shutil.copy(pretrained.model.weights, weights)
    model = dataclasses.replace(pretrained.model, weights=str(weights))
    read(pretrained, files[:1])
    read(dataclasses.replace(pretrained, model=model), files[:1])
    assert len(list_tables(features_folder())) == 1  # the same bytes under another name
    with open(weights, "ab") as file:
        file.write(b"\0")  # HDF5 does not mind
    read(dataclasses.replace(pretrained, model=model), files[:1])
    assert len(list_tables(features_folder())) == 2


def test_a_size_of_zero_keeps_nothing_and_says_the_same(
    pretrained: Config, files: list[str]
) -> None:
    data = dataclasses.replace(pretrained.data, cache_gb=0)
    off = read(dataclasses.replace(pretrained, data=data), files).values
    assert not features_folder().exists()
    np.testing.assert_array_equal(off, read(pretrained, files).values)


def test_engines_are_given_up_one_after_another(
    pretrained: Config, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # In 32 bits, since in 16 bits all of them would be kept by one of the engines below.
    truth = read(pretrained, files, "float32", engine="keras").values
    read(pretrained, files[1:], engine="graph")
    others = [EngineSpec("keras", IN_16_BITS), EngineSpec("keras", FLOAT32)]

    def give_up(engine: Engine, images: np.ndarray) -> Engine:
        return start_engine(engine.model, others.pop(0)) if others else engine

    monkeypatch.setattr(predictor, "verify_parity", give_up)
    found = read(pretrained, files, engine="graph")
    assert not others
    np.testing.assert_array_equal(found.values, truth)
