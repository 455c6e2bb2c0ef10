"""The contract of a baseline and of its classifier: each learns, answers and reloads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from baselines import changed_files
from baselines.baseline_worlds import balanced, draw, fitted

from transferkit.baselines.baseline import Baseline, load_baseline
from transferkit.baselines.catalog import CLASSIFIERS
from transferkit.baselines.classifiers import MAKERS, can_weigh
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import DataConfig
from transferkit.data.manifest import COLUMNS, Manifest
from transferkit.features.linear_probe import C_VALUES

pytestmark = pytest.mark.slow

NAMES = ("majority", *(f"{row.name}_colour" for row in CLASSIFIERS))
WEIGHED = sorted(name for name in MAKERS if can_weigh(name))
every_baseline = pytest.mark.parametrize("name", NAMES)
every_classifier = pytest.mark.parametrize("name", MAKERS)
Fit = Callable[[str], Baseline]


@pytest.fixture(scope="module")
def manifest(shapes: Path) -> Manifest:
    return Manifest.read(shapes, DataConfig(test_split=0.3))


@every_baseline
def test_every_row_is_a_distribution(name: str, fit: Fit, manifest: Manifest) -> None:
    paths = list(manifest.part("test")["path"])
    found = fit(name).probabilities(paths)
    assert (found.shape, found.dtype) == ((len(paths), 3), np.float32)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found >= 0).all()


@every_baseline
def test_what_is_saved_and_loaded_says_the_same(
    name: str, fit: Fit, manifest: Manifest, tmp_path: Path
) -> None:
    baseline = fit(name)
    baseline.save(tmp_path)
    path = tmp_path / "baselines" / f"{name}.skops"
    loaded = load_baseline(path)
    paths = list(manifest.part("test")["path"])
    np.testing.assert_array_equal(loaded.probabilities(paths), baseline.probabilities(paths))
    for fact in ("name", "kind", "classes", "fit_seconds", "summary"):
        assert getattr(loaded, fact) == getattr(baseline, fact)
    assert baseline.megabytes == path.stat().st_size / 1e6


@pytest.mark.parametrize(
    "sizes", [{"a": 1, "b": 1}, {"a": 9, "b": 1, "c": 2}, {"a": 1, "b": 1, "c": 1}]
)
@pytest.mark.parametrize("name", [name for name in NAMES if "boosting" not in name])
def test_classes_of_one_or_two_images_are_fitted(
    name: str, sizes: dict[str, int], shapes: Path
) -> None:
    paths = [str(path) for path in sorted(shapes.rglob("*.png"))]
    labels = [label for label, count in sizes.items() for _ in range(count)]
    rows = [(path, label, "train", "", "") for path, label in zip(paths, labels, strict=False)]
    few = Manifest(pd.DataFrame(rows, columns=list(COLUMNS)), "a few")
    found = fit_baseline(name, few).probabilities(paths[:4])
    assert found.shape == (4, len(sizes))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 4])
@every_classifier
def test_every_classifier_is_read_back(name: str, classes: int, tmp_path: Path) -> None:
    baseline, path = changed_files.fitted(name, classes), tmp_path / "saved.skops"
    path.write_bytes(baseline.content)
    values = changed_files.VALUES[:, : 0 if name == "majority" else None]
    again = load_baseline(path).pipeline[-1].predict_proba(values)
    np.testing.assert_array_equal(again, baseline.pipeline[-1].predict_proba(values))


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"majority"}))
def test_every_classifier_learns_from_ten_images_a_class(name: str) -> None:
    values, truth = draw((10, 10), noise=0.5)
    asked, answers = draw((100, 100), seed=1, noise=0.5)
    found, _ = fitted(name, values, truth)
    assert np.mean(found.predict_proba(asked).argmax(axis=1) == answers) > 0.8


def test_all_but_the_neighbours_and_the_majority_can_weigh() -> None:
    assert MAKERS.keys() - set(WEIGHED) == {"knn", "majority"}


@pytest.mark.parametrize("name", WEIGHED)
def test_a_rare_class_is_recalled_more_often_under_weights(name: str) -> None:
    values, truth = draw((60, 8))
    asked, answers = draw((100, 100), seed=1)
    recalls = []
    for weights in (None, balanced(truth)):
        estimator, _ = fitted(name, values, truth, weights)
        predicted = estimator.classes_[estimator.predict_proba(asked).argmax(axis=1)]
        recalls.append(np.mean(predicted[answers == 1] == 1))
    assert recalls[1] > recalls[0]


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"majority", "gradient_boosting"}))
def test_every_search_has_three_values_or_more(name: str) -> None:
    (options,) = MAKERS[name](0).grid.values()
    assert len(options) >= 3
    if name == "logistic_regression":
        assert tuple(options) == C_VALUES
