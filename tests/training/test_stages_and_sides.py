"""Classifiers on the features of several stages, and of pictures at several sides."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import keras
import numpy as np
import pytest

from transferkit.backbones.networks import build_backbone, preprocess
from transferkit.backbones.table import find_backbone
from transferkit.baselines.features import BackboneFeatures
from transferkit.baselines.fitting import fit_baseline
from transferkit.baselines.loading import load_baseline
from transferkit.config import Config, DataConfig, ModelConfig
from transferkit.data.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError
from transferkit.runs import Run
from transferkit.training import models
from transferkit.training.devices import choose_device
from transferkit.training.fit import Fit
from transferkit.training.fitting import fit_classifier
from transferkit.training.frozen import frozen_features
from transferkit.training.network import Network
from transferkit.training.train import train

ROW = find_backbone("pocket")
POOLINGS = ("avg", "max", "both", "stages")


def pictures(side: int = 64, number: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (number, side, side, 3)).astype("float32")


def halved(images: np.ndarray) -> np.ndarray:
    """Each pixel the mean of four."""
    number, side, _, _ = images.shape
    return images.reshape(number, side // 2, 2, side // 2, 2, 3).mean(axis=(2, 4))


def extractor(name: str, side: int | None = None, **settings: object) -> keras.Model:
    """An extractor whose weights are the same ones at every call."""
    keras.utils.set_random_seed(7)
    return models.build_extractor(ModelConfig(backbone=name, weights="none", **settings), side)


@pytest.mark.parametrize("name", ["mobilenet_025", "pocket", "mobilenet_v2", "convnext_tiny"])
def test_the_features_of_stages_are_the_means_of_their_maps(name: str) -> None:
    row, images = find_backbone(name), pictures()
    found = extractor(name, 64, pooling="stages")(images)
    keras.utils.set_random_seed(7)
    backbone = build_backbone(row, "none", 64)
    outputs = {each.name: each.output for each in backbone.operations}
    maps = keras.Model(backbone.input, [outputs[stage] for stage in row.stages])
    pixels = keras.Input((64, 64, 3))
    by_hand = keras.Model(pixels, maps(preprocess(row, pixels)))(images)
    means = np.concatenate([np.asarray(each).mean(axis=(1, 2)) for each in by_hand], axis=1)
    np.testing.assert_allclose(found, means, atol=1e-5)


@pytest.mark.parametrize("name", ["mobilenet_025", "pocket"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_features_of_two_sides_are_those_of_each(name: str, pooling: str) -> None:
    images = pictures()
    found = extractor(name, sides=(32, 64), pooling=pooling)(images)
    small = extractor(name, 32, pooling=pooling)(halved(images))
    large = extractor(name, 64, pooling=pooling)(images)
    np.testing.assert_allclose(found, np.concatenate([small, large], axis=1), atol=1e-5)


def test_sides_come_in_the_order_of_the_setting() -> None:
    images = pictures()
    up, down = (extractor("pocket", sides=each)(images) for each in ((32, 64), (64, 32)))
    width = up.shape[1] // 2
    np.testing.assert_array_equal(np.roll(up, width, axis=1), down)


def test_one_side_is_simply_the_side() -> None:
    images = pictures(32)
    one, other = extractor("pocket", sides=(32,)), extractor("pocket", 32)
    np.testing.assert_array_equal(one(images), other(images))
    assert one.count_params() == other.count_params()


def test_several_sides_share_one_set_of_weights() -> None:
    model = extractor("mobilenet_025", sides=(32, 64))
    assert model.count_params() == find_backbone("mobilenet_025").parameters


@pytest.mark.parametrize(("name", "means"), [("mobilenet_025", "avg"), ("pocket", "stages")])
def test_auto_is_what_the_row_says(name: str, means: str) -> None:
    images = pictures(32)
    auto, named = (extractor(name, 32, pooling=each)(images) for each in ("auto", means))
    np.testing.assert_array_equal(auto, named)


@pytest.mark.parametrize("pooling", ["auto", *POOLINGS])
def test_a_vector_stays_what_it_is(pooling: str) -> None:
    images = pictures(32)
    backbone = extractor("lenet", 32, pooling=pooling).get_layer("lenet")
    found = models.extractor_of(
        models.build_classifier(
            ModelConfig(backbone="lenet", weights="none", pooling=pooling), ("a", "b"), side=32
        )
    )(images)
    assert found.shape == (2, backbone.output.shape[-1]) == (2, 84)


def test_the_averaging_is_in_float32_under_a_mixed_policy() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = extractor("mobilenet_025", sides=(32, 64))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("side_32").output.dtype == "float32"


def test_another_side_than_the_largest_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        extractor("mobilenet_025", 32, sides=(32, 64))
    assert str(caught.value) == (
        "The settings are --side 32 and --model.sides 32 64: leave --side out, since pictures are "
        "decoded at the largest of the sides, 64."
    )


@pytest.fixture(scope="module")
def both(pretrained: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings with stages and two sides; they fine-tune the last block in seconds.

    The weights are random ones; those of pocket are drawn such that its features are no zeros.
    """
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("weights") / "pocket.weights.h5"
    build_backbone(ROW, "none", 32).save_weights(path)
    model = ModelConfig(ROW.name, str(path), "stages", (32, 64))
    learning = dataclasses.replace(pretrained.train, release="last", fine_tune_rate=1e-2)
    return dataclasses.replace(pretrained, data=DataConfig(), model=model, train=learning)


@pytest.fixture(scope="module")
def tuned(manifest: Manifest, both: Config) -> Fit:
    """Fitted by both stages of the training; without validation images, so nothing is undone."""
    frame = manifest.frame[manifest.frame["split"] != "validation"]
    return fit_classifier(Manifest(frame), both, choose_device(both.train))


@pytest.fixture(scope="module")
def start(manifest: Manifest, both: Config) -> keras.Model:
    """The classifier before it learns."""
    return models.build_classifier(both.model, manifest.classes)


def layer_weights(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights of each layer of the backbone, by its name."""
    return {layer.name: layer.get_weights() for layer in model.get_layer(ROW.name).layers}


def test_the_last_block_moves_and_nothing_below_it(tuned: Fit, start: keras.Model) -> None:
    before, after = layer_weights(start), layer_weights(tuned.classifier)
    moved = [
        name
        for name, values in before.items()
        if any(not np.array_equal(*pair) for pair in zip(values, after[name], strict=True))
    ]
    released = list(before)[list(before).index(ROW.blocks[-1]) :]
    assert moved
    assert set(moved) <= set(released)
    assert tuned.details["kept"] == "fine-tune"


def test_moving_statistics_stay(tuned: Fit, start: keras.Model) -> None:
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
    model = models.build_classifier(both.model, manifest.classes)
    models.release_blocks(model, ROW, len(ROW.blocks), pretrained=True)
    factors = models.rate_factors(model, ROW, 0.5)
    backbone = model.get_layer(ROW.name)
    last, first = backbone.get_layer("top_conv"), backbone.get_layer("stem_conv")
    assert factors[last.trainable_variables[0].path] == 1.0
    assert factors[first.trainable_variables[0].path] == 0.5**3


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_trained_network_reloads_and_predicts_the_same(
    precision: str, manifest: Manifest, both: Config, tmp_path: Path
) -> None:
    learning = dataclasses.replace(both.train, precision=precision)
    network = train(manifest, dataclasses.replace(both, train=learning), run=Run(tmp_path))
    paths = manifest.part("test")["path"].tolist()
    again = Network.load(tmp_path)
    assert again.side == 64
    assert np.array_equal(again.probabilities(paths), network.probabilities(paths))
    plain = keras.saving.load_model(tmp_path / "model.keras")
    images = read_images(paths, 64, network.data).astype("float32")
    assert plain.predict(images, verbose=0) == pytest.approx(network.probabilities(paths), abs=1e-5)


def test_random_weights_learn_at_two_sides(manifest: Manifest, both: Config) -> None:
    config = dataclasses.replace(
        both,
        model=ModelConfig(backbone="pocket", weights="none", sides=(32, 64)),
        train=dataclasses.replace(both.train, release="auto"),
    )
    found = fit_classifier(manifest, config, choose_device(config.train))
    assert math.isfinite(found.history[-1]["loss"])


def test_frozen_features_are_those_of_the_setting(manifest: Manifest, both: Config) -> None:
    paths = manifest.part("train")["path"].tolist()
    variants = [
        both.model,
        dataclasses.replace(both.model, pooling="avg"),
        dataclasses.replace(both.model, sides=(64,)),
        dataclasses.replace(both.model, sides=(64, 32)),
    ]
    found = [frozen_features(each, both.data, paths, precision="float32") for each in variants]
    assert [each.values.shape[1] for each in found] == [1760, 1024, 880, 1760]
    assert not np.array_equal(found[0].values, found[3].values)
    images = read_images(paths, 64, both.data).astype("float32")
    expected = models.build_extractor(both.model).predict(images, verbose=0)
    np.testing.assert_allclose(found[0].values, expected, atol=1e-4)


def test_a_baseline_looks_at_the_same_features(
    manifest: Manifest, both: Config, tmp_path: Path
) -> None:
    name = "logistic_regression_backbone"
    classic = fit_baseline(name, manifest, both)
    assert classic.details["features_width"] == 1760
    assert isinstance(classic.pipeline[0], BackboneFeatures)
    classic.save(tmp_path)
    paths = manifest.part("test")["path"].tolist()
    again = load_baseline(next(tmp_path.rglob("*.skops")))
    np.testing.assert_allclose(again.probabilities(paths), classic.probabilities(paths), atol=1e-6)
