"""Every baseline is searched and weighed as the network's head is, on images it has not seen."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from baselines.baseline_worlds import balanced, draw, fitted
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from transferkit.baselines import tuning
from transferkit.baselines.temperature_scaling import TemperedClassifier, logits_of
from transferkit.baselines.tuning import TunedEstimator, tune
from transferkit.features.linear_probe import solve_probe

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("sizes", [(60, 50), (80, 30, 12)])
def test_logistic_regression_is_chosen_as_the_head_is(sizes: tuple, weighed: bool) -> None:
    values, truth = draw(sizes, noise=2.5)
    weights = balanced(truth) if weighed else np.ones(len(truth))
    groups = [""] * len(truth)
    head = solve_probe(values, truth, classes=len(sizes), weights=weights, groups=groups, seed=0)
    estimator, chosen = fitted("logistic_regression", values, truth, weights if weighed else None)
    assert chosen == {"C": head.c}
    logits = values @ head.kernel + head.bias
    predicted = estimator.predict_proba(values).argmax(axis=1)
    assert np.mean(predicted == logits.argmax(axis=1)) > 0.98


class Spy(DecisionTreeClassifier):
    """A tree that records which rows it learned from and which it was asked about."""

    learned: ClassVar[list[set[int]]] = []
    asked: ClassVar[list[set[int]]] = []

    def fit(self, values, truth, sample_weight=None):
        type(self).learned.append(set(values[:, 0].astype(int)))
        return super().fit(values, truth, sample_weight)

    def predict_proba(self, values):
        type(self).asked.append(set(values[:, 0].astype(int)))
        return super().predict_proba(values)


@pytest.mark.parametrize("size", [3, 9])
def test_no_group_is_parted_over_learning_and_judging(size: int) -> None:
    rows = 90
    order = np.random.default_rng(0).permutation(rows)
    values = np.stack([order, np.random.default_rng(1).random(rows)], axis=1)
    truth = np.random.default_rng(2).integers(0, 2, rows)
    groups = [f"set {number // size}" for number in order]
    Spy.learned, Spy.asked = [], []
    tune(TunedEstimator(Spy(), {}), values, truth, None, groups, 0)
    assert len(Spy.learned) == len(Spy.asked) == 3
    assert set.union(*Spy.asked) == set(range(rows))
    for learned, asked in zip(Spy.learned, Spy.asked, strict=True):
        assert not {number // size for number in learned} & {number // size for number in asked}


def test_copies_in_groups_do_not_make_the_nearest_neighbour_look_good() -> None:
    images, truth = draw((30, 30), noise=1.5)
    values, truth = np.repeat(images, 6, axis=0), np.repeat(truth, 6)
    groups = [f"copies of {row // 6}" for row in range(360)]
    choice = TunedEstimator(KNeighborsClassifier(), {"n_neighbors": [1, 91]})
    assert tune(choice, values, truth, None, groups, 0).parameters == {"n_neighbors": 91}
    assert tune(choice, values, truth, None, [""] * 360, 0).parameters == {"n_neighbors": 1}


def test_what_cannot_weigh_is_searched_without_weights_too() -> None:
    values, truth = draw((150, 15), noise=2.0)
    plain, weighed = (fitted("knn", values, truth, weights) for weights in (None, balanced(truth)))
    assert weighed[1] == plain[1]
    asked, _ = draw((20, 20), seed=1)
    np.testing.assert_array_equal(weighed[0].predict_proba(asked), plain[0].predict_proba(asked))


@pytest.mark.parametrize("name", ["random_forest", "extra_trees"])
def test_the_leaves_of_a_forest_are_searched_only_under_weights(name: str) -> None:
    values, truth = draw((60, 20), noise=2.0)
    plain, weighed = (fitted(name, values, truth, weights) for weights in (None, balanced(truth)))
    assert (plain[1], plain[0].estimator_.min_samples_leaf) == ({}, 1)
    assert weighed[1] == {"min_samples_leaf": weighed[0].estimator_.min_samples_leaf}


def test_the_temperature_is_of_images_that_were_not_learned_from() -> None:
    values, truth = draw((60, 60), noise=3.0)
    found = tune(
        TunedEstimator(DecisionTreeClassifier(random_state=0), {}),
        values,
        truth,
        None,
        [""] * 120,
        0,
    )
    assert found.temperature > 3  # it is right on all that it learned from, and sure of all


@pytest.mark.parametrize("name", ["random_forest", "decision_tree", "gradient_boosting"])
def test_a_temperature_lowers_the_loss_on_other_images(name: str) -> None:
    values, truth = draw((60, 60, 60), noise=1.2)
    asked, answers = draw((200, 200, 200), seed=1, noise=1.2)
    estimator, _ = fitted(name, values, truth)
    losses = [
        float(-np.log(np.maximum(said[np.arange(600), answers], 1e-7)).mean())
        for said in (estimator.estimator_.predict_proba(asked), estimator.predict_proba(asked))
    ]
    assert losses[1] < losses[0]


def test_few_images_leave_the_temperature_of_probabilities_at_one() -> None:
    values, truth = draw((9, 9), noise=3.0)
    found = tune(
        TunedEstimator(DecisionTreeClassifier(random_state=0), {}),
        values,
        truth,
        None,
        [""] * 18,
        0,
    )
    assert found.temperature == 1


def test_what_is_certain_and_wrong_costs_as_in_the_report() -> None:
    values, truth = draw((5, 5))
    said = logits_of(DummyClassifier(strategy="most_frequent").fit(values, truth), values)
    assert np.exp(said.min()) == pytest.approx(1e-7)


def test_at_one_the_probabilities_are_the_estimators_own() -> None:
    values, truth = draw((30, 30))
    own = TemperedClassifier(DecisionTreeClassifier(random_state=0)).fit(values, truth)
    np.testing.assert_array_equal(own.predict_proba(values), own.estimator_.predict_proba(values))


def test_the_weights_weigh_the_judging_too() -> None:
    logits = np.log([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    choice, truth = TunedEstimator(DummyClassifier(), {}, likelihood=True), np.array([0, 0, 1])
    plain, heavy = (
        tuning._loss(choice, logits, truth, np.array([1.0, 1.0, weight])) for weight in (1, 9)
    )
    assert plain == pytest.approx(-(2 * np.log(0.9) + np.log(0.6)) / 3)
    assert heavy == pytest.approx(-(2 * np.log(0.9) + 9 * np.log(0.6)) / 11)


def test_trees_of_many_classes_stay_shallow() -> None:
    rng = np.random.default_rng(0)
    centres = rng.random((120, 30))
    truth = np.repeat(np.arange(120), 2)
    values = (centres[truth] + 0.05 * rng.standard_normal((240, 30))).astype(np.float32)
    forest, _ = fitted("random_forest", values, truth)
    depths = [tree.get_depth() for tree in forest.estimator_.estimators_]
    assert np.mean(depths) < 20  # by Gini's index they are about 90 deep
