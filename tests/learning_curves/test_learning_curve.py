"""The learning curve of real images: every classifier on the same draws and the same test."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError, DataError
from transferkit.learning_curves.run import CURVE_BASELINES, _draws_of, learning_curve

pytestmark = pytest.mark.slow

POCKET = Config(data=DataConfig(image_size=32), model=ModelConfig("pocket", "embedded"))
RANDOM = Config(model=ModelConfig("lenet", "none"))
QUICK = ("knn_pixels", "majority")


@pytest.fixture(scope="module")
def manifest(shapes) -> Manifest:
    return Manifest.read(shapes, DataConfig(test_split=0.4))


@pytest.fixture(scope="module")
def found(manifest):
    return learning_curve(manifest, POCKET, baselines=QUICK, draws=3)


def test_the_network_comes_first_and_then_the_baselines(found):
    assert [(line.name, line.kind) for line in found.lines] == [
        ("pocket", "network"),
        ("knn_pixels", "baseline"),
        ("majority", "baseline"),
    ]


def test_the_sizes_end_with_all_training_and_validation_images(found, manifest):
    assert found.images.tolist() == [3, 6, 15, len(manifest) - len(manifest.part("test"))]
    assert found.draws.tolist() == [3, 3, 3, 1]
    assert found.test_images == len(manifest.part("test"))


def test_with_all_images_a_baseline_is_what_fit_baseline_fits(found, manifest):
    baseline = fit_baseline("knn_pixels", manifest, POCKET)
    test = manifest.part("test")
    right = baseline.probabilities(list(test["path"])).argmax(axis=1) == manifest.label_indices(
        test
    )
    assert found.lines[1].means[-1] == right.mean()


def test_the_majority_learns_nothing(found):
    assert found.lines[2].means == pytest.approx([1 / 3] * 4)
    assert found.majority_share == pytest.approx(1 / 3)


def test_twice_is_the_same(found, manifest):
    again = learning_curve(manifest, POCKET, baselines=QUICK, draws=3)
    pd.testing.assert_frame_equal(again.frame(), found.frame())


def test_every_size_is_said(manifest, capsys):
    learning_curve(manifest, RANDOM, baselines=["majority"], draws=1)
    said = [line.rpartition(";")[0] for line in capsys.readouterr().err.splitlines()]
    assert said == [f"{size} images per class: majority 33.3%" for size in (1, 2, 5, 12)]


def test_random_weights_have_no_probe(manifest):
    found = learning_curve(manifest, RANDOM, baselines=["majority"], draws=1)
    assert [line.kind for line in found.lines] == ["baseline"]


def test_without_a_probe_and_baselines_there_is_no_curve(manifest):
    with pytest.raises(ConfigError) as raised:
        learning_curve(manifest, RANDOM, baselines=())
    assert str(raised.value) == (
        "There is no classifier to draw a curve of: give a backbone with weights, or a baseline "
        "such as random_forest_hog."
    )


def test_a_class_alone_is_not_learnt(manifest):
    frame = manifest.frame.copy()
    frame.loc[frame["label"] != "circles", "split"] = "test"
    with pytest.raises(DataError) as raised:
        learning_curve(Manifest(frame, "shapes"), RANDOM, baselines=["majority"])
    assert str(raised.value) == (
        "All 12 training images of 'shapes' are of the class 'circles': there should be at least "
        "two classes for a learning curve."
    )


def test_without_test_images_nothing_is_scored(manifest):
    frame = manifest.frame.assign(split="train")
    with pytest.raises(DataError) as raised:
        learning_curve(Manifest(frame, "shapes"), RANDOM, baselines=["majority"])
    assert str(raised.value) == (
        "'shapes' has no test image to score classifiers on: mark some as test, or leave the split "
        "out and one is made."
    )


def test_a_class_without_training_images_is_never_answered(manifest):
    frame = manifest.frame.copy()
    frame.loc[(frame["label"] == "stripes") & (frame["split"] != "test"), "problem"] = "is lost"
    found = learning_curve(Manifest(frame, "shapes"), POCKET, baselines=["knn_pixels"], draws=1)
    assert all(line.means.max() <= 2 / 3 + 1e-9 for line in found.lines)


@pytest.mark.parametrize(
    ("images", "draws", "wanted"),
    [(5, 5, 5), (200, 5, 5), (300, 5, 3), (1000, 5, 2), (100_000, 5, 2), (1000, 1, 1)],
)
def test_large_sizes_have_fewer_draws(images, draws, wanted):
    assert _draws_of(images, draws) == wanted


def test_the_default_has_no_second_probe_and_no_majority():
    assert CURVE_BASELINES == ("random_forest_pixels", "rbf_svm_hog_colour")


def test_groups_of_the_training_images_stay_whole(manifest):
    frame = manifest.frame.copy()
    learn = frame["split"] != "test"
    frame.loc[learn, "group"] = [f"{place // 4}" for place in range(learn.sum())]
    found = learning_curve(Manifest(frame, "shapes"), RANDOM, baselines=["majority"], draws=2)
    assert np.all(np.diff(found.images) > 0)
    assert found.images[0] >= 12


def test_settings_of_the_head_change_nothing(found, manifest):
    other = dataclasses.replace(POCKET, train=dataclasses.replace(POCKET.train, epochs=9))
    again = learning_curve(manifest, other, baselines=(), draws=3)
    assert again.lines[0].means.tolist() == found.lines[0].means.tolist()
