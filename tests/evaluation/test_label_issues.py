"""Doubted labels: found among flipped ones, and ranked as worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from transferkit.errors import DataError
from transferkit.evaluation.label_issues import LabelIssue, rank_label_issues


def blobs() -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        600,
        20,
        n_informative=10,
        n_redundant=0,
        n_classes=4,
        n_clusters_per_class=1,
        class_sep=2,
        random_state=0,
    )


def digits() -> tuple[np.ndarray, np.ndarray]:
    return load_digits(return_X_y=True)


@pytest.mark.parametrize("world", [blobs, digits])
def test_the_most_doubted_of_labels_of_which_a_tenth_is_wrong_are_wrong_ones(world) -> None:
    """Of the twentieth that is doubted most, at least four of five are wrong."""
    rng = np.random.default_rng(0)
    features, true = world()
    classes = true.max() + 1
    flipped = rng.random(len(true)) < 0.1
    given = np.where(flipped, (true + rng.integers(1, classes, len(true))) % classes, true)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    answers = cross_val_predict(model, features, given, cv=5, method="predict_proba")
    most = rank_label_issues(given, answers)[: len(true) // 20]
    wrong = [each for each in most if flipped[each.image]]
    assert len(wrong) >= 0.8 * len(most)
    assert np.mean([true[each.image] == each.suggested for each in wrong]) >= 0.8


def test_the_doubt_is_what_it_is_by_hand() -> None:
    truth = np.array([0, 0, 1, 1])
    answers = np.array([[0.9, 0.1], [0.3, 0.7], [0.4, 0.6], [0.2, 0.8]])
    # Zeros get 0.6 on average and ones 0.7, so that the second says 0.5 and 1 of the thresholds.
    found = rank_label_issues(truth, answers)
    assert [each.image for each in found] == [1, 2, 3, 0]
    assert found[0] == LabelIssue(image=1, given=0, suggested=1, doubt=pytest.approx(2 / 3))
    assert found[1].doubt == pytest.approx((4 / 6) / (4 / 6 + 6 / 7))


def test_a_class_that_is_never_sure_is_not_doubted_throughout() -> None:
    """Its images get 0.4 at most: less than the other class, yet as much as is usual for it."""
    truth = np.array([0] * 5 + [1] * 5)
    answers = np.array([[0.95, 0.05]] * 5 + [[0.6, 0.4]] * 5)
    assert all(each.doubt < 0.5 for each in rank_label_issues(truth, answers))


def test_each_image_is_listed_once_and_no_label_is_suggested_in_its_own_place() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=50)
    found = rank_label_issues(truth, rng.dirichlet(np.ones(3), size=50))
    assert sorted(each.image for each in found) == list(range(50))
    assert all(each.given == truth[each.image] != each.suggested for each in found)
    doubts = [each.doubt for each in found]
    assert doubts == sorted(doubts, reverse=True)
    assert 0 <= min(doubts) <= max(doubts) <= 1


def test_a_class_without_images_is_suggested_only_where_little_else_is_likely() -> None:
    truth = np.array([0, 0, 1])
    answers = np.array([[0.2, 0.2, 0.6], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    found = rank_label_issues(truth, answers)
    assert (found[0].image, found[0].suggested) == (0, 2)


def test_sure_answers_have_no_doubt_or_all_of_it() -> None:
    found = rank_label_issues(
        np.array([0, 1, 1]), np.array([[1.0, 0], [0, 1.0], [1.0, 0]], np.float32)
    )
    assert [(each.image, each.doubt) for each in found] == [(2, 1), (0, 0), (1, 0)]


def test_one_image_can_be_doubted() -> None:
    (found,) = rank_label_issues(np.array([0]), np.array([[0.2, 0.8]]))
    assert found.suggested == 1


def test_labels_that_do_not_fit_the_answers_are_told_why() -> None:
    with pytest.raises(DataError) as error:
        rank_label_issues(np.array([3]), np.array([[0.5, 0.5]]))
    assert str(error.value) == (
        "The labels have the class index 3: for 2 classes it should be between 0 and 1."
    )
