"""The machine with a Gaussian kernel is scikit-learn's, its distances computed another way."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.svm import SVC

from transferkit.baselines import rbf_svm as gaussian
from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.rbf_svm import RBFSVM

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


def test_more_images_than_a_kernel_has_room_for_are_left_to_libsvm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, truth = draw(3)
    on_kernels = RBFSVM().fit(values, truth)
    monkeypatch.setattr(gaussian, "MAX_IMAGES", len(values) - 1)
    on_features = RBFSVM().fit(values, truth)
    assert on_features.machine_.kernel == "rbf"
    assert not hasattr(on_features, "vectors_")
    np.testing.assert_allclose(
        on_features.decision_function(values), on_kernels.decision_function(values), atol=1e-6
    )


def test_how_many_are_asked_at_once_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    values, truth = draw(3)
    machine = RBFSVM().fit(values, truth)
    whole = machine.decision_function(values)
    monkeypatch.setattr(gaussian, "CHUNK", 7)
    np.testing.assert_allclose(machine.decision_function(values), whole, atol=1e-12)


def test_features_that_are_all_the_same_are_no_failure() -> None:
    values, truth = np.ones((6, WIDTH), np.float32), np.array([0, 0, 0, 0, 1, 1])
    assert RBFSVM().fit(values, truth).predict(values).tolist() == [0] * 6


def test_how_long_many_images_take_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    values, truth = draw(2, images=gaussian.MAX_IMAGES + 1)
    far = (values[:, :4] + 20 * truth[:, np.newaxis]).astype(np.float32)
    tune_and_fit("rbf_svm", far, truth, groups=[""] * len(far), seed=0)
    said = capsys.readouterr().err
    assert re.match(r"8,001 images are many for an RBF SVM: about \d+ s\. --baselines ", said)


def test_the_estimate_grows_with_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussian, "TIMED_IMAGES", 200)
    values, truth = draw(3, images=4_000)
    few = min(gaussian.estimated_seconds(values[:400], truth[:400]) for _ in range(3))
    many = min(gaussian.estimated_seconds(values, truth) for _ in range(3))
    assert many > 5 * few > 0


def test_there_is_no_estimate_for_one_class() -> None:
    assert gaussian.estimated_seconds(np.ones((9, 2), np.float32), np.zeros(9, int)) == 0
