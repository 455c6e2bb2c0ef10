"""Every baseline, from a folder of pictures to probabilities."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferkit.baselines.baseline import Baseline
from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.fit import fit_baseline
from transferkit.baselines.image_features import ImageFeatures
from transferkit.config.settings import Config, DataConfig
from transferkit.data.manifest import COLUMNS, Manifest
from transferkit.errors import ConfigError, DataError
from transferkit.evaluation.summary import BaselineSummary

pytestmark = pytest.mark.slow

SENSIBLE = ("rbf_svm_hog", "logistic_regression_hog", "random_forest_hog", "linear_svm_hog_colour")
Fit = Callable[[str], Baseline]


@pytest.fixture(scope="module")
def manifest(shapes: Path) -> Manifest:
    return Manifest.read(shapes, DataConfig(test_split=0.3))


def _accuracy(baseline: Baseline, manifest: Manifest) -> float:
    test = manifest.part("test")
    answers = baseline.probabilities(list(test["path"])).argmax(axis=1)
    return float((answers == manifest.label_indices(test)).mean())


@pytest.mark.parametrize("name", SENSIBLE)
def test_the_sensible_ones_are_well_above_chance(name: str, fit: Fit, manifest: Manifest) -> None:
    assert _accuracy(fit(name), manifest) > _accuracy(fit("majority"), manifest) + 0.25


@pytest.mark.parametrize("name", ["random_forest_colour", "linear_svm_colour"])
def test_a_seed_gives_the_same_twice(name: str, fit: Fit, manifest: Manifest) -> None:
    paths = list(manifest.part("test")["path"])
    again = fit_baseline(name, manifest)
    np.testing.assert_array_equal(again.probabilities(paths), fit(name).probabilities(paths))


def test_another_seed_gives_another_forest(fit: Fit, manifest: Manifest) -> None:
    paths = list(manifest.part("test")["path"])
    other = fit_baseline("random_forest_colour", manifest, Config(seed=1))
    assert (other.probabilities(paths) != fit("random_forest_colour").probabilities(paths)).any()


def test_the_majority_says_the_classes_shares(fit: Fit, manifest: Manifest) -> None:
    counts = manifest.counts()
    shares = (counts["train"] + counts["validation"]).to_numpy(float)
    found = fit("majority").probabilities(list(manifest.part("test")["path"]))
    np.testing.assert_allclose(found[0], shares / shares.sum(), atol=1e-6)


def test_the_validation_images_are_learnt_from_too(fit: Fit, manifest: Manifest) -> None:
    summary = fit("knn_colour").summary
    assert summary.train_images == len(manifest) - len(manifest.part("test"))
    assert summary.fitted_on == "train and validation"


def test_the_summary_is_json_and_says_what_was_chosen(fit: Fit) -> None:
    summary = fit("linear_svm_colour").summary
    content = json.loads(json.dumps(summary.to_json()))
    assert BaselineSummary.from_json(content) == summary
    assert summary.title == "linear SVM on colour histogram"
    assert summary.features_width == 432
    assert summary.chosen["C"] in (0.01, 0.1, 1.0, 10.0, 100.0)


def test_no_image_gives_no_row(fit: Fit) -> None:
    assert fit("knn_colour").probabilities([]).shape == (0, 3)


def test_a_baseline_says_what_it_is(fit: Fit) -> None:
    text = repr(fit("knn_colour"))
    assert text.startswith("<Baseline knn_colour: 3 classes, 432 features, fitted in ")
    assert "nearest neighbours on colour histogram" in fit("knn_colour")._repr_html_()


def _manifest(paths: list[str], sizes: dict[str, int], tested: dict[str, int]) -> Manifest:
    """A manifest of `sizes` training and `tested` test images of each class."""
    labels = [(name, "train") for name, count in sizes.items() for _ in range(count)]
    labels += [(name, "test") for name, count in tested.items() for _ in range(count)]
    rows = [(path, *label, "", "") for path, label in zip(paths, labels, strict=False)]
    return Manifest(pd.DataFrame(rows, columns=list(COLUMNS)), "a few")


@pytest.fixture(scope="module")
def paths(shapes: Path) -> list[str]:
    return [str(path) for path in sorted(shapes.rglob("*.png"))]


@pytest.mark.parametrize("name", ["knn_colour", "linear_svm_colour"])
def test_a_class_without_training_images_has_a_column_of_noughts(
    name: str, paths: list[str]
) -> None:
    few = _manifest(paths, {"a": 5, "c": 5}, {"b": 2})
    found = fit_baseline(name, few).probabilities(paths[:4])
    assert found.shape == (4, 3)
    assert not found[:, 1].any()


def test_one_class_alone_cannot_be_told_apart(paths: list[str]) -> None:
    with pytest.raises(DataError) as error:
        fit_baseline("knn_colour", _manifest(paths, {"a": 3}, {"b": 1}))
    assert str(error.value) == (
        "All 3 training images of 'a few' are of the class 'a': "
        "there should be at least two classes for knn_colour."
    )


def test_no_training_image_is_an_error(paths: list[str]) -> None:
    with pytest.raises(DataError) as error:
        fit_baseline("majority", _manifest(paths, {}, {"a": 1, "b": 1}))
    assert str(error.value) == (
        "No image of the manifest of 'a few' is in train: mark some in its column split as train, "
        "validation and test, or have them split by `Manifest.read` of a folder or a .csv with "
        "path,label."
    )


def test_a_misspelt_name_is_an_error_before_any_image_is_read(manifest: Manifest) -> None:
    with pytest.raises(ConfigError, match="did you mean 'knn_hog'"):
        fit_baseline("knn_hogg", manifest)


def test_what_features_cost_is_in_the_time_of_fitting(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ImageFeatures.read
    monkeypatch.setattr(
        ImageFeatures, "read", lambda self, paths: replace(read(self, paths), seconds=100.0)
    )
    assert fit_baseline("perceptron_colour", manifest).fit_seconds > 200  # of two splits


@pytest.mark.parametrize("uneven", [False, True])
def test_groups_and_weights_are_those_of_the_images(
    uneven: bool, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: dict[str, object] = {}

    def record(*arguments: object, **named: object) -> object:
        handed.update(named, truth=arguments[2])
        return tune_and_fit(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("transferkit.baselines.fit.tune_and_fit", record)
    frame = manifest.frame.copy()
    frame["group"] = [f"{label}-{row % 9}" for row, label in enumerate(frame["label"])]
    if uneven:
        learnt = frame["split"] != "test"
        frame.loc[frame.index[learnt & (frame["label"] == manifest.classes[0])][3:], "split"] = ""
    fit_baseline("perceptron_colour", Manifest(frame, "grouped"))
    truth, groups = handed["truth"], handed["groups"]
    assert [name.rpartition("-")[0] for name in groups] == [manifest.classes[k] for k in truth]
    if uneven:
        sums = np.bincount(truth, handed["weights"])
        assert sums == pytest.approx(np.full(len(sums), sums.mean()))
    else:
        assert handed["weights"] is None
