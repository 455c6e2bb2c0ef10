"""A classifier of decisions answers what it decides, about as surely as it is right."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Perceptron
from sklearn.svm import LinearSVC

from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.rbf_svm import RBFSVM
from transferkit.baselines.temperature_scaling import TemperedClassifier
from transferkit.baselines.tuning import TunedEstimator, tune
from transferkit.evaluation.calibration import expected_calibration_error

WIDTH = 20
DECIDING = {
    "linear": LinearSVC(dual=False, random_state=0),
    "gaussian": RBFSVM(random_state=0),
    "perceptron": Perceptron(random_state=0),
}


def draw(
    classes: int, images: int, *, seed: int = 0, noise: float = 2.0
) -> tuple[np.ndarray, np.ndarray]:
    """Features around a centre a class, `images` of each."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((classes, WIDTH))
    truth = np.repeat(np.arange(classes), images)
    values = centres[truth] + noise * rng.standard_normal((len(truth), WIDTH))
    return values.astype(np.float32), truth


def tempered(name: str, values: np.ndarray, truth: np.ndarray) -> TemperedClassifier:
    found = tune(TunedEstimator(DECIDING[name], {}), values, truth, None, [""] * len(truth), 0)
    return TemperedClassifier(DECIDING[name], found.temperature).fit(values, truth)


def log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("name", DECIDING)
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("images", [1, 2, 3, 5, 40])
def test_the_likeliest_class_is_the_one_decided_for(name: str, classes: int, images: int) -> None:
    asked, _ = draw(classes, 50, seed=99)
    for seed in range(5):
        values, truth = draw(classes, images, seed=seed, noise=6.0)
        found = tempered(name, values, truth)
        decisions = clone(DECIDING[name]).fit(values, truth).decision_function(asked)
        decided = decisions.argmax(axis=1) if classes > 2 else (decisions > 0).astype(int)
        np.testing.assert_array_equal(found.predict_proba(asked).argmax(axis=1), decided)
        np.testing.assert_array_equal(found.predict(asked), decided)


@pytest.mark.parametrize("classifier", ["linear_svm", "rbf_svm", "perceptron"])
def test_few_images_that_contradict_one_another_turn_no_answer_round(classifier: str) -> None:
    # What a fold says of these is mostly wrong: its mean lies on the other side of what it judges.
    asked, answers = draw(2, 100, seed=99)
    right = []
    for seed in range(10):
        values, truth = draw(2, 4, seed=seed, noise=4.0)
        found, _ = tune_and_fit(classifier, values, truth, groups=[""] * 8, seed=seed)
        right.append(np.mean(found.predict_proba(asked).argmax(axis=1) == answers))
    assert np.mean(right) > 0.6
    assert min(right) > 0.4


@pytest.mark.parametrize("name", DECIDING)
@pytest.mark.parametrize("classes", [2, 5])
def test_it_is_about_as_sure_as_it_is_right(name: str, classes: int) -> None:
    values, truth = draw(classes, 400)
    asked, answers = draw(classes, 400, seed=1)
    found = tempered(name, values, truth)
    said = found.predict_proba(asked)
    assert said.shape == (len(asked), classes)
    np.testing.assert_allclose(said.sum(axis=1), 1)
    # Of several classes the machine with a kernel counts votes, which say less than distances.
    voting = name == "gaussian" and classes > 2
    assert expected_calibration_error(answers, said) < (0.15 if voting else 0.05)
    logs = np.log(said)
    for factor in (0.5, 2.0):  # neither half nor twice the temperature would have been better
        other = np.exp(logs / factor)
        other /= other.sum(axis=1, keepdims=True)
        assert log_loss(answers, other) > log_loss(answers, said)


def test_a_few_images_that_are_all_right_leave_some_doubt() -> None:
    values, truth = draw(2, 3, noise=0.01)
    said = tempered("linear", values, truth).predict_proba(values)
    assert (said.argmax(axis=1) == truth).all()
    assert 0.7 < said.max() < 0.99


def test_what_looks_the_same_everywhere_is_as_likely_each() -> None:
    truth = np.repeat([0, 1, 2], 5)
    found = tempered("linear", np.zeros((15, WIDTH), np.float32), truth)
    np.testing.assert_allclose(found.predict_proba(np.zeros((2, WIDTH))), 1 / 3, atol=1e-6)


def test_the_classes_keep_their_numbers() -> None:
    values, truth = draw(3, 20)
    found = tempered("gaussian", values, np.array([2, 5, 9])[truth])
    assert found.classes_.tolist() == [2, 5, 9]
    assert set(found.predict(values)) == {2, 5, 9}


def test_a_class_of_one_image_is_learnt_and_never_judged_by() -> None:
    values, truth = draw(2, 20)
    lone, _ = draw(3, 1, seed=5)
    values, truth = np.concatenate([values, lone[2:]]), np.append(truth, 2)
    found = tempered("linear", values, truth)
    assert found.predict_proba(values).shape == (41, 3)
    assert found.predict(lone[2:]).tolist() == [2]
