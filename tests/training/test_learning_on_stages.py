"""Classifiers that learn on several stages, and on pictures at several sides."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from feature_worlds import spec_of

from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.baselines.backbone_features import BackboneFeatures
from transferkit.baselines.baseline import load_baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import ComputeConfig, Config, DataConfig, ModelConfig
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.features.extract import extract_features
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import build_classifier, build_extractor
from transferkit.models.freezing import layer_decay_multipliers, unfreeze_blocks
from transferkit.models.network import Network
from transferkit.storage.run import Run
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState
from transferkit.training.train import train

pytestmark = pytest.mark.slow

ROW = find_backbone("pocket")


@pytest.fixture(scope="module")
def both(pretrained: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings with stages and two sides; they fine-tune the last block in seconds.

    The weights are random ones; those of pocket are drawn such that its features are no zeros.
    """
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("weights") / "pocket.weights.h5"
    build_backbone(ROW, "none", 32).save_weights(path)
    model = ModelConfig(ROW.name, str(path), "stages_both", (32, 64))
    learning = dataclasses.replace(pretrained.train, unfreeze="last", fine_tune_learning_rate=1e-2)
    return dataclasses.replace(pretrained, data=DataConfig(), model=model, train=learning)


@pytest.fixture(scope="module")
def tuned(manifest: Manifest, both: Config) -> TrainingState:
    """Fitted by both stages of the training; without validation images, so nothing is undone."""
    frame = manifest.frame[manifest.frame["split"] != "validation"]
    return fit_stages(start_fit(Manifest(frame), both, choose_device(both.compute)))


@pytest.fixture(scope="module")
def start(manifest: Manifest, both: Config) -> keras.Model:
    """The classifier before it learns."""
    return build_classifier(both.model, manifest.classes)


def layer_weights(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights of each layer of the backbone, by its name."""
    return {layer.name: layer.get_weights() for layer in model.get_layer(ROW.name).layers}


def test_the_last_block_moves_and_nothing_below_it(
    tuned: TrainingState, start: keras.Model
) -> None:
    before, after = layer_weights(start), layer_weights(tuned.classifier)
    moved = [
        name
        for name, values in before.items()
        if any(not np.array_equal(*pair) for pair in zip(values, after[name], strict=True))
    ]
    released = list(before)[list(before).index(ROW.blocks[-1]) :]
    assert moved
    assert set(moved) <= set(released)
    assert tuned.summary.kept_stage == "fine-tune"


def test_moving_statistics_stay(tuned: TrainingState, start: keras.Model) -> None:
    """Keras lets them drift in `fit` once the backbone is trainable (keras#20285)."""
    before, after = layer_weights(start), layer_weights(tuned.classifier)
    names = [name for name, values in before.items() if len(values) == 4]
    assert len(names) == 17
    assert all(
        np.array_equal(*pair)
        for name in names
        for pair in zip(before[name][2:], after[name][2:], strict=True)
    )


def test_the_backbone_of_the_classifier_gives_its_stages(start: keras.Model) -> None:
    assert len(start.get_layer(ROW.name).outputs) == len(ROW.stages)


def test_rates_fall_by_blocks(both: Config, manifest: Manifest) -> None:
    model = build_classifier(both.model, manifest.classes)
    unfreeze_blocks(model, ROW, len(ROW.blocks), pretrained=True)
    factors = layer_decay_multipliers(model, ROW, 0.5)
    backbone = model.get_layer(ROW.name)
    last, first = backbone.get_layer("top_conv"), backbone.get_layer("stem_conv")
    assert factors[last.trainable_variables[0].path] == 1.0
    assert factors[first.trainable_variables[0].path] == 0.5**3


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_trained_network_reloads_and_predicts_the_same(
    precision: str, manifest: Manifest, both: Config, tmp_path: Path
) -> None:
    compute = ComputeConfig(precision=precision)
    network = train(manifest, dataclasses.replace(both, compute=compute), run=Run(tmp_path))
    paths = manifest.part("test")["path"].tolist()
    again = Network.load(tmp_path)
    assert again.image_size == 64
    assert np.array_equal(again.probabilities(paths), network.probabilities(paths))
    plain = keras.saving.load_model(tmp_path / "model.keras")
    images = read_images(paths, 64, network.data).astype("float32")
    assert plain.predict(images, verbose=0) == pytest.approx(network.probabilities(paths), abs=1e-5)


def test_random_weights_learn_at_two_sides(manifest: Manifest, both: Config) -> None:
    config = dataclasses.replace(
        both,
        model=ModelConfig(backbone="pocket", weights="none", image_sizes=(32, 64)),
        train=dataclasses.replace(both.train, unfreeze="auto"),
    )
    found = fit_stages(start_fit(manifest, config, choose_device(config.compute)))
    assert math.isfinite(found.history[-1].loss)


def test_frozen_features_are_those_of_the_setting(manifest: Manifest, both: Config) -> None:
    paths = manifest.part("train")["path"].tolist()
    variants = [
        both.model,
        dataclasses.replace(both.model, pooling="avg"),
        dataclasses.replace(both.model, image_sizes=(64,)),
        dataclasses.replace(both.model, image_sizes=(64, 32)),
    ]
    found = [
        extract_features(
            spec_of(dataclasses.replace(both, model=model), precision="float32"), paths
        )
        for model in variants
    ]
    assert [each.values.shape[1] for each in found] == [3520, 1024, 1760, 3520]
    assert not np.array_equal(found[0].values, found[3].values)
    images = read_images(paths, 64, both.data).astype("float32")
    expected = build_extractor(resolve_model(both.model)).predict(images, verbose=0)
    np.testing.assert_allclose(found[0].values, expected, atol=1e-4)


def test_a_baseline_looks_at_the_same_features(
    manifest: Manifest, both: Config, tmp_path: Path
) -> None:
    name = "logistic_regression_backbone"
    baseline = fit_baseline(name, manifest, both)
    assert baseline.summary.features_width == 3520
    assert isinstance(baseline.pipeline[0], BackboneFeatures)
    baseline.save(tmp_path)
    paths = manifest.part("test")["path"].tolist()
    again = load_baseline(next(tmp_path.rglob("*.skops")))
    np.testing.assert_allclose(again.probabilities(paths), baseline.probabilities(paths), atol=1e-6)
