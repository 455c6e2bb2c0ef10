"""Scores, against examples worked by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from transferkit.errors import DataError
from transferkit.evaluation.metrics import FLOOR, score

CLASSES = ("ant", "bee", "cat")
TRUTH = np.array([0, 0, 0, 1, 1, 2])
# Likeliest: 0, 0, 1, 1, 1, 0. So two of three ants, both bees, and no cat.
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.5, 0.25, 0.25],
        [0.2, 0.7, 0.1],
        [0.1, 0.8, 0.1],
        [0.0, 1.0, 0.0],
        [0.6, 0.3, 0.1],
    ],
    np.float32,
)
SCORES = score(TRUTH, PROBABILITIES, CLASSES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 4 / 6),
        ("balanced_accuracy", (2 / 3 + 1 + 0) / 3),
        # ant 2·2/(3+3), bee 2·2/(2+3), cat 0: never predicted, but there is one to be found
        ("macro_f1", (2 / 3 + 4 / 5 + 0) / 3),
        ("log_loss", -sum(math.log(p) for p in (0.8, 0.5, 0.2, 0.8, 1.0, 0.1)) / 6),
    ],
)
def test_the_score_is_what_it_is_by_hand(name: str, value: float) -> None:
    assert getattr(SCORES, name) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("precision", [2 / 3, 2 / 3, math.nan]),
        ("recall", [2 / 3, 1, 0]),
        ("f1", [2 / 3, 4 / 5, 0]),
        ("support", [3, 2, 1]),
        ("confusion", [[2, 1, 0], [0, 2, 0], [1, 0, 0]]),
    ],
)
def test_the_classes_scores_are_what_they_are_by_hand(name: str, values: list[float]) -> None:
    np.testing.assert_allclose(getattr(SCORES, name), values, atol=1e-6)


def test_a_class_without_test_images_is_left_out_of_the_means() -> None:
    scores = score(np.array([0, 1]), np.eye(3)[:2], CLASSES)
    assert (scores.accuracy, scores.balanced_accuracy, scores.macro_f1) == (1, 1, 1)
    assert math.isnan(scores.recall[2])
    assert scores.log_loss == pytest.approx(0, abs=1e-6)


def test_one_true_class_alone_can_be_scored() -> None:
    scores = score(np.array([1, 1]), np.array([[0.5, 0.5], [0.25, 0.75]]), ("ant", "bee"))
    assert scores.balanced_accuracy == 0.5  # of equals, the first is predicted
    assert scores.log_loss == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)


def test_a_sure_mistake_costs_much_but_not_infinitely() -> None:
    scores = score(np.array([0]), np.array([[0.0, 1.0]]), ("ant", "bee"))
    assert scores.log_loss == pytest.approx(-math.log(FLOOR), rel=1e-4)


def test_float16_probabilities_are_close_enough_to_distributions() -> None:
    halves = PROBABILITIES.astype(np.float16)
    assert score(TRUTH, halves, CLASSES).log_loss == pytest.approx(SCORES.log_loss, abs=1e-3)


def test_json_holds_plain_numbers_and_none_for_what_is_undefined() -> None:
    values = json.loads(json.dumps(SCORES.to_json(), allow_nan=False))
    assert values["classes"] == list(CLASSES)
    assert values["precision"] == [pytest.approx(2 / 3), pytest.approx(2 / 3), None]
    assert values["confusion"] == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]


HALVES = [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("truth", "probabilities", "sentence"),
    [
        (
            [0, 1],
            HALVES,
            "The labels have the shape (2,) and the probabilities (1, 2): "
            "for 2 classes they should be (images,) and (images, 2).",
        ),
        (
            [0],
            [[1.0]],
            "The labels have the shape (1,) and the probabilities (1, 1): "
            "for 2 classes they should be (images,) and (images, 2).",
        ),
        (
            [[0]],
            HALVES,
            "The labels have the shape (1, 1) and the probabilities (1, 2): "
            "for 2 classes they should be (images,) and (images, 2).",
        ),
        (np.empty(0, int), np.empty((0, 2)), "There are no images to score: the labels are empty."),
        (
            [0.0],
            HALVES,
            "The labels are of type float64: they should be integer class indices.",
        ),
        (
            [2],
            HALVES,
            "The labels have the class index 2: for 2 classes it should be between 0 and 1.",
        ),
        (
            [0],
            [[math.nan, 1.0]],
            "The probabilities of image 0 are [nan, 1.0]: they should be between 0 and 1.",
        ),
        (
            [0, 1],
            [[0.5, 0.5], [-0.5, 1.5]],
            "The probabilities of image 1 are [-0.5, 1.5]: they should be between 0 and 1.",
        ),
        ([0, 1], [[0.5, 0.5], [0.5, 0.9]], "The probabilities of image 1 sum to 1.4, not to 1."),
    ],
)
def test_arrays_that_cannot_be_scored_are_told_why(
    truth: object, probabilities: object, sentence: str
) -> None:
    with pytest.raises(DataError) as error:
        score(np.asarray(truth), np.asarray(probabilities), ("ant", "bee"))
    assert str(error.value) == sentence


def test_one_class_alone_cannot_be_scored() -> None:
    with pytest.raises(DataError) as error:
        score(np.array([0]), np.ones((1, 1)), ("ant",))
    assert str(error.value) == "The number of classes to score is 1: it should be 2 or more."
