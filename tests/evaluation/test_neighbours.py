from __future__ import annotations

import numpy as np
import pytest

from transferkit.evaluation.neighbours import nearest


def vectors(images: int, width: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(images, width)).astype(np.float32)


def test_a_vector_is_nearest_to_itself_at_any_length() -> None:
    training = vectors(30)
    rows, similarity = nearest(3 * training, training, 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(30))
    np.testing.assert_allclose(similarity, 1, atol=1e-6)


def test_the_nearest_come_first_with_their_cosines() -> None:
    features, training = vectors(7), vectors(50, seed=1)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (features, training)]
    cosines = unit[0] @ unit[1].T
    rows, similarity = nearest(features, training, 5)
    np.testing.assert_array_equal(rows, np.argsort(-cosines, axis=1)[:, :5])
    np.testing.assert_allclose(similarity, -np.sort(-cosines, axis=1)[:, :5], atol=1e-6)


def test_of_equals_the_first_comes_first() -> None:
    training = np.tile(vectors(1), (4, 1))
    rows, _ = nearest(vectors(2, seed=1), training, 3)
    np.testing.assert_array_equal(rows, [[0, 1, 2], [0, 1, 2]])


def test_blocks_change_nothing() -> None:
    features, training = vectors(20), vectors(30, seed=1)
    whole = nearest(features, training, 4)
    rows, similarity = nearest(features, training, 4, max_similarities=100)  # three rows at once
    np.testing.assert_array_equal(rows, whole[0])
    np.testing.assert_allclose(similarity, whole[1], atol=1e-6)


def test_there_are_no_more_neighbours_than_rows() -> None:
    rows, similarity = nearest(vectors(3), vectors(2, seed=1), 5)
    assert rows.shape == similarity.shape == (3, 2)


def test_a_vector_of_zeros_is_like_none() -> None:
    rows, similarity = nearest(np.zeros((1, 8), np.float32), vectors(3), 2)
    np.testing.assert_array_equal(rows, [[0, 1]])
    np.testing.assert_array_equal(similarity, [[0, 0]])


@pytest.mark.parametrize(("features", "training"), [(0, 3), (3, 0)])
def test_nothing_has_no_neighbours(features: int, training: int) -> None:
    rows, similarity = nearest(vectors(features), vectors(training), 2)
    assert rows.shape == similarity.shape == (features, min(2, training))
