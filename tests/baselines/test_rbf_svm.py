"""The machine with a Gaussian kernel is scikit-learn's, its distances computed another way."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.svm import SVC

from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.rbf_svm import (
    CHUNK,
    MAX_IMAGES,
    RBFSVM,
    TIMED_IMAGES,
    estimated_seconds,
)

WIDTH = 30
COSTS = [0.1, 1.0, 10.0]


def draw(classes: int, *, images: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features around a centre a class, near enough for mistakes."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((classes, WIDTH))
    truth = rng.integers(0, classes, images)
    values = centres[truth] + 2 * rng.standard_normal((images, WIDTH))
    return values.astype(np.float32), truth


def plain(cost: float, values: np.ndarray, truth: np.ndarray) -> SVC:
    return SVC(C=cost, gamma="scale").fit(values, truth)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("cost", COSTS)
def test_its_answers_and_decisions_are_those_of_scikit_learn(classes: int, cost: float) -> None:
    values, truth = draw(classes)
    asked, _ = draw(classes, seed=1)
    ours, theirs = RBFSVM(cost).fit(values, truth), plain(cost, values, truth)
    np.testing.assert_array_equal(ours.predict(asked), theirs.predict(asked))
    np.testing.assert_allclose(
        ours.decision_function(asked), theirs.decision_function(asked), atol=1e-6
    )


def test_the_classes_keep_their_numbers() -> None:
    values, truth = draw(2)
    machine = RBFSVM().fit(values, np.array([3, 7])[truth])
    assert machine.classes_.tolist() == [3, 7]
    assert set(machine.predict(values)) == {3, 7}


def test_only_the_support_vectors_are_kept() -> None:
    values, truth = draw(2)
    far = (values + 20 * truth[:, np.newaxis]).astype(np.float32)
    machine = RBFSVM().fit(far, truth)
    assert len(machine.vectors_) == machine.machine_.n_support_.sum() < len(far)
    assert machine.vectors_.dtype == np.float32


def far_apart() -> tuple[np.ndarray, np.ndarray]:
    """One image more than a kernel has room for, of two classes that are quickly told apart."""
    values, truth = draw(2, images=MAX_IMAGES + 1)
    return (values[:, :4] + 20 * truth[:, np.newaxis]).astype(np.float32), truth


def test_more_images_than_a_kernel_has_room_for_are_left_to_libsvm() -> None:
    values, truth = far_apart()
    machine = RBFSVM().fit(values, truth)
    assert machine.machine_.kernel == "rbf"
    assert not hasattr(machine, "vectors_")
    np.testing.assert_allclose(
        machine.decision_function(values[:99]),
        plain(1.0, values, truth).decision_function(values[:99]),
        atol=1e-6,
    )


def test_how_many_are_asked_at_once_makes_no_difference() -> None:
    machine = RBFSVM().fit(*draw(3))
    asked, _ = draw(3, images=CHUNK + 9, seed=1)
    whole = machine.decision_function(asked)
    parts = [machine.decision_function(part) for part in np.array_split(asked, 7)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)


def test_features_that_are_all_the_same_are_no_failure() -> None:
    values, truth = np.ones((6, WIDTH), np.float32), np.array([0, 0, 0, 0, 1, 1])
    assert RBFSVM().fit(values, truth).predict(values).tolist() == [0] * 6


def test_how_long_many_images_take_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    far, truth = far_apart()
    tune_and_fit("rbf_svm", far, truth, groups=[""] * len(far), seed=0)
    said = capsys.readouterr().err
    assert re.match(r"8,001 images are many for an RBF SVM: about \d+ s\. --baselines ", said)


def test_the_estimate_grows_with_the_images() -> None:
    values, truth = draw(3, images=10 * TIMED_IMAGES)
    few = min(estimated_seconds(values[:TIMED_IMAGES], truth[:TIMED_IMAGES]) for _ in range(2))
    many = min(estimated_seconds(values, truth) for _ in range(2))
    assert many > 5 * few > 0


def test_there_is_no_estimate_for_one_class() -> None:
    assert estimated_seconds(np.ones((9, 2), np.float32), np.zeros(9, int)) == 0
