from __future__ import annotations

import numpy as np
import pytest

from transferkit.evaluation.feature_space import MIN_IMAGES, tsne_map


def groups(each: int, width: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Three groups of vectors, and the group of each."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(3, width)) * 3
    number = np.repeat(np.arange(3), each)
    return (centres[number] + generator.normal(size=(3 * each, width))).astype(np.float32), number


def test_a_group_stays_together() -> None:
    features, number = groups(20)
    points = tsne_map(features)
    centres = np.stack([points[number == each].mean(axis=0) for each in range(3)])
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), number)


def test_a_seed_gives_the_same_map() -> None:
    features, _ = groups(10)
    np.testing.assert_array_equal(tsne_map(features, seed=3), tsne_map(features, seed=3))


@pytest.mark.parametrize("width", [2, 5, 64])
def test_few_images_and_narrow_features_have_one_too(width: int) -> None:
    features = np.random.default_rng(0).normal(size=(MIN_IMAGES, width)).astype(np.float32)
    points = tsne_map(features)
    assert (points.shape, points.dtype) == ((MIN_IMAGES, 2), np.float32)
    assert np.isfinite(points).all()


def test_equal_images_and_zeros_do_no_harm() -> None:
    features = np.zeros((12, 8), np.float32)
    features[6:] = 1
    assert np.isfinite(tsne_map(features)).all()
