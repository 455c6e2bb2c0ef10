"""Networks for features: which are built, which are held, and that what learns changes none."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from feature_worlds import spec_of

from transferkit.backbones.resolve import resolve_model
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import ComputeConfig, Config, EngineName
from transferkit.data.manifest import Manifest
from transferkit.features import extractor_pool
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL, ExtractorPool
from transferkit.models.classifier import build_classifier, build_extractor, extractor_of
from transferkit.storage.disk_cache import features_folder
from transferkit.training.train import train

pytestmark = pytest.mark.slow

Lent = Callable[[], keras.Model]


def forget() -> None:
    DEFAULT_POOL.clear()


@pytest.fixture(autouse=True)
def nothing_in_memory() -> Iterator[None]:
    """As at the start of a process, before and after."""
    forget()
    yield
    forget()


@pytest.fixture
def files(drawn: Callable[..., Path]) -> list[str]:
    return [str(path) for path in sorted(drawn(images=2).rglob("*.png"))]


@pytest.fixture
def bare(pretrained: Config) -> Config:
    """Nothing is kept on disk, so that what is asked for is computed."""
    return dataclasses.replace(pretrained, data=dataclasses.replace(pretrained.data, cache_gb=0))


def features(
    config: Config, files: list[str], engine: EngineName, lent: Lent | None = None
) -> np.ndarray:
    settings: dict[str, Any] = {"precision": "float32", "engine": engine}
    spec = spec_of(config, **settings)
    with DEFAULT_POOL.borrow(spec, lent) if lent else nullcontext():
        return extract_features(spec, files).values


def forbid_building(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*arguments: Any) -> keras.Model:
        raise AssertionError("a network was built")

    monkeypatch.setattr(extractor_pool, "build_extractor", build)


def classifier(config: Config) -> keras.Model:
    return build_classifier(config.model, ("a", "b"), image_size=32)


def test_one_that_is_lent_is_not_built_again(
    bare: Config, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = features(bare, files, "graph")
    forget()
    forbid_building(monkeypatch)
    lender = classifier(bare)
    found = features(bare, files, "graph", lambda: extractor_of(lender))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("engine", ["graph", "keras"])
def test_what_the_lender_learns_later_changes_no_feature(
    engine: EngineName, bare: Config, files: list[str]
) -> None:
    lender = classifier(bare)
    first = features(bare, files[:3], engine, lambda: extractor_of(lender))
    lender.set_weights([2 * each for each in lender.get_weights()])
    again = features(bare, files, engine)
    np.testing.assert_allclose(again[:3], first, atol=1e-5)
    forget()
    np.testing.assert_allclose(again, features(bare, files, "keras"), atol=1e-4)


def test_a_baseline_asks_the_network_that_read_the_rows(
    manifest: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = ComputeConfig(engine="graph", precision="float32")
    config = dataclasses.replace(pretrained, compute=compute)
    train(manifest, config)
    paths = manifest.part("test")["path"].tolist()
    with monkeypatch.context() as patched:
        forbid_building(patched)
        baseline = fit_baseline("logistic_regression_backbone", manifest, config)
        found = baseline.probabilities(paths)
    forget()
    shutil.rmtree(features_folder())
    np.testing.assert_allclose(found, baseline.probabilities(paths), atol=1e-3)


def test_one_that_was_held_before_outlives_what_was_lent(bare: Config, files: list[str]) -> None:
    features(bare, files[:1], "keras")
    before = DEFAULT_POOL.get(spec_of(bare, engine="keras", precision="float32"))
    features(bare, files[:2], "keras", lambda: extractor_of(classifier(bare)))
    assert DEFAULT_POOL.get(spec_of(bare, engine="keras", precision="float32")) is before


def test_no_more_than_two_are_held(bare: Config, files: list[str]) -> None:
    for engine, image_size in (("graph", 32), ("keras", 32), ("graph", 64)):
        data = dataclasses.replace(bare.data, image_size=image_size)
        features(dataclasses.replace(bare, data=data), files[:1], engine)
    kept = [(spec.engine, spec.image_size) for spec in DEFAULT_POOL.specs]
    assert kept == [("keras", 32), ("graph", 64)]


def test_training_takes_a_pool_of_ones_own(manifest: Manifest, pretrained: Config) -> None:
    own = ExtractorPool()
    train(manifest, pretrained, pool=own)
    assert own.specs
    assert DEFAULT_POOL.specs == []


def test_a_pool_of_ones_own_shares_nothing(bare: Config, files: list[str]) -> None:
    spec, own = spec_of(bare), ExtractorPool()
    found = extract_features(spec, files, pool=own)
    assert extract_features(spec, files, pool=own) is found
    assert (own.specs, DEFAULT_POOL.specs) == ([spec], [])
    own.clear()
    assert own.specs == []
    assert extract_features(spec, files, pool=own) is not found


def test_other_weights_in_the_same_file_are_another_network(
    bare: Config, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "own.weights.h5"
    shutil.copy(bare.model.weights, path)
    own = dataclasses.replace(bare, model=dataclasses.replace(bare.model, weights=str(path)))
    before = features(own, files, "graph")
    network = build_extractor(resolve_model(own.model), 32).get_layer("pocket")
    network.set_weights([1.1 * each for each in network.get_weights()])
    network.save_weights(path)
    after = features(own, files, "graph")
    assert not np.allclose(before, after, rtol=1e-2)


ON_TWO_DEVICES = """
from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import ComputeConfig, Config, DataConfig, ModelConfig
from transferkit.features.extractor_pool import ExtractorPool
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import build_classifier, extractor_of
from transferkit.features.spec import FeatureSpec
device = choose_device(ComputeConfig(devices="cpu:2"))
model, data = ModelConfig(backbone="pocket"), DataConfig(image_size=32)
with device.building():
    lender = build_classifier(model, ("a", "b"), image_size=32)
compute = ComputeConfig(precision="float32", engine="keras")
spec = FeatureSpec.from_config(Config(model=resolve_model(model), data=data, compute=compute))
pool = ExtractorPool()
with pool.borrow(spec, lambda: extractor_of(lender)):
    print(pool.get(spec).engine.replicas)
"""


def test_one_that_is_lent_computes_on_all_devices() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ON_TWO_DEVICES], capture_output=True, text=True, check=True
    )
    assert done.stdout == "2\n"
