"""Which pixels a baseline looks at: those that tell the classes apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.baselines import pixel_importance as importance
from transferkit.baselines.baseline import Baseline
from transferkit.baselines.fit import fit_baseline
from transferkit.baselines.pixel_importance import pixel_importance
from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest

pytestmark = pytest.mark.slow

CORNER = (slice(0, 8), slice(24, 32))  # rows and columns of 32


@pytest.fixture(scope="module")
def lamps(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Noise of two classes; of the one, the upper right corner is bright."""
    folder, generator = tmp_path_factory.mktemp("lamps"), np.random.default_rng(0)
    for name, light in (("off", 0), ("on", 140)):
        (folder / name).mkdir()
        for number in range(30):
            pixels = generator.integers(0, 100, (32, 32, 3), np.uint8)
            pixels[CORNER] += np.uint8(light)
            Image.fromarray(pixels).save(folder / name / f"{number:03}.png")
    return Manifest.read(folder, DataConfig(test_split=0.4, near_duplicates=False))


def importance_of(
    name: str, manifest: Manifest, max_seconds: float = 600.0
) -> importance.PixelImportance | None:
    """By default it may take long, whatever else this machine does."""
    baseline, test = fit_baseline(name, manifest), manifest.part("test")
    labels = manifest.label_indices(test)
    return pixel_importance(baseline, list(test["path"]), labels, max_seconds=max_seconds)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("random_forest_pixels", "impurity"),
        ("extra_trees_pixels", "impurity"),
        ("decision_tree_pixels", "impurity"),
        ("logistic_regression_pixels", "permutation"),
        ("linear_svm_pixels", "permutation"),
    ],
)
def test_what_tells_the_classes_apart_counts(name: str, how: str, lamps: Manifest) -> None:
    found = importance_of(name, lamps)
    assert found is not None
    assert (found.how, found.values.shape, found.values.dtype) == (how, (32, 32), np.float32)
    assert found.values.min() >= 0
    assert found.values.sum() == pytest.approx(1, abs=1e-4)
    assert found.values[CORNER].sum() > 0.5  # a sixteenth of the picture


@pytest.mark.parametrize("name", ["majority", "random_forest_hog", "knn_colour"])
def test_what_is_not_on_pixels_has_no_map(name: str, lamps: Manifest) -> None:
    assert importance_of(name, lamps) is None


def test_what_would_take_too_long_is_not_done(lamps: Manifest) -> None:
    assert importance_of("knn_pixels", lamps, max_seconds=0.0) is None


def test_nothing_is_exchanged_without_a_test_image(lamps: Manifest) -> None:
    baseline: Baseline = fit_baseline("knn_pixels", lamps)
    assert pixel_importance(baseline, [], np.zeros(0, np.int64)) is None


def test_it_is_the_same_each_time(lamps: Manifest) -> None:
    first, second = (importance_of("logistic_regression_pixels", lamps) for _ in range(2))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.values, second.values)


def test_images_put_together_of_their_own_blocks_are_themselves() -> None:
    values = np.random.default_rng(0).random((5, 32 * 32 * 3)).astype(np.float32)

    class Echo:
        def predict_proba(self, given: np.ndarray) -> np.ndarray:
            return given

    rows = np.tile(np.arange(5)[:, None], 64)
    same = importance._ByBlocks(Echo(), values).predict_proba(rows)
    np.testing.assert_array_equal(same, values)
    rows[0, 0] = 3  # of the first image, the first block is the fourth one's
    mixed = importance._ByBlocks(Echo(), values).predict_proba(rows).reshape(5, 32, 32, 3)
    whole = values.reshape(5, 32, 32, 3)
    np.testing.assert_array_equal(mixed[0, :4, :4], whole[3, :4, :4])
    np.testing.assert_array_equal(mixed[0, 4:], whole[0, 4:])
    np.testing.assert_array_equal(mixed[0, :4, 4:], whole[0, :4, 4:])


def test_the_folder_is_not_needed_by_trees(lamps: Manifest, tmp_path: Path) -> None:
    baseline = fit_baseline("decision_tree_pixels", lamps)
    assert pixel_importance(baseline, [str(tmp_path / "gone.png")], np.zeros(1, np.int64))
