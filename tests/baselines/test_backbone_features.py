"""The baselines on what a frozen backbone says."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from feature_worlds import spec_of
from sklearn.base import clone

from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import find_backbone
from transferkit.baselines.baseline import load_baseline
from transferkit.baselines.catalog import find_baseline
from transferkit.baselines.fit import fit_baseline, make_features
from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError, WeightsError
from transferkit.features.extract import extract_features

pytestmark = pytest.mark.slow

NAME = "logistic_regression_backbone"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A small backbone with weights of a file: drawn from a seed, which is enough to read them."""
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("weights") / "small.weights.h5"
    network = keras.applications.MobileNet(
        alpha=0.25, include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    network.save_weights(path)
    model = ModelConfig(backbone="mobilenet_025", weights=str(path))
    return Config(model=model, data=DataConfig(image_size=32))


@pytest.fixture(scope="module")
def manifest(shapes: Path) -> Manifest:
    return Manifest.read(shapes)


def test_the_pipeline_reads_what_the_frozen_backbone_says(
    config: Config, manifest: Manifest
) -> None:
    paths = list(manifest.part("test")["path"])
    baseline = fit_baseline(NAME, manifest, config)
    found = baseline.pipeline["features"].transform(paths)
    np.testing.assert_array_equal(found, extract_features(spec_of(config), paths).values)
    assert baseline.summary.features_width == found.shape[1] == 256


def test_it_is_saved_without_the_backbone_and_says_the_same(
    config: Config, manifest: Manifest, tmp_path: Path
) -> None:
    paths = list(manifest.part("test")["path"])
    baseline = fit_baseline(NAME, manifest, config)
    baseline.save(tmp_path)
    loaded = load_baseline(tmp_path / "baselines" / f"{NAME}.skops")
    np.testing.assert_array_equal(loaded.probabilities(paths), baseline.probabilities(paths))
    beside = 4 * find_backbone("mobilenet_025").parameters / 1e6  # float32
    assert beside < loaded.megabytes < beside + 0.1


def test_a_file_from_before_there_was_a_choice_of_engine_is_read(
    config: Config, manifest: Manifest
) -> None:
    paths = list(manifest.part("test")["path"])
    features = make_features(find_baseline(NAME), config)
    assert features is not None
    expected = features.transform(paths)
    del features.__dict__["engine"]
    np.testing.assert_array_equal(features.transform(paths), expected)


def test_the_seconds_of_reading_count_for_each_that_uses_it(
    config: Config, manifest: Manifest
) -> None:
    rows = manifest.part("train")
    read = extract_features(spec_of(config), list(rows["path"]))
    assert fit_baseline("knn_backbone", manifest, config).fit_seconds > read.seconds


def test_a_backbone_of_random_weights_is_refused(manifest: Manifest) -> None:
    random = Config(model=ModelConfig(backbone="mobilenet_025", weights="none"))
    with pytest.raises(ConfigError, match="random weights give no useful features"):
        fit_baseline(NAME, manifest, random)


def test_the_weights_of_another_network_are_not_taken_for_its_own(
    config: Config, manifest: Manifest, tmp_path: Path
) -> None:
    weights = tmp_path / "mine.weights.h5"
    shutil.copyfile(config.model.weights, weights)
    own = replace(config, model=replace(config.model, weights=str(weights)))
    baseline, paths = fit_baseline(NAME, manifest, own), list(manifest.part("test")["path"])
    baseline.save(tmp_path)
    loaded = load_baseline(tmp_path / "baselines" / f"{NAME}.skops")
    assert len(loaded.probabilities(paths)) == len(paths)
    network = build_backbone("mobilenet_025", str(weights), 32)
    network.set_weights([1.01 * each for each in network.get_weights()])
    network.save_weights(weights)
    with pytest.raises(WeightsError) as caught:
        loaded.probabilities(paths)
    assert str(caught.value) == (
        f"The weights in {str(weights)!r} are not those that this baseline was fitted with: put "
        "those there again, or fit it anew."
    )
    features = clone(loaded.pipeline["features"])
    assert len(features.fit_transform(paths)) == len(paths)


def test_a_path_by_itself_is_a_sentence(config: Config, manifest: Manifest) -> None:
    baseline = fit_baseline("majority", manifest, config)
    with pytest.raises(DataError) as caught:
        baseline.probabilities("a.png")
    assert str(caught.value) == "Got the path 'a.png' by itself: give a list of paths."
