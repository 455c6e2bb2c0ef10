"""Calibration, against published tables, scikit-learn, and examples worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from transferkit.errors import DataError
from transferkit.evaluation.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    apply_temperature,
    brier,
    coverage_curve,
    expected_calibration_error,
    reliability,
)
from transferkit.evaluation.metrics import FLOOR


def two(likely: list[float]) -> np.ndarray:
    """Answers on two classes, from the probabilities of the second."""
    return np.stack([1 - np.array(likely), likely], axis=1)


def drawn(images: int, sharp: float, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The truth, and answers that are `sharp` times as sure as they should be, in logits."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(images, classes))
    odds = softmax(logits, axis=1).cumsum(axis=1)
    truth = (rng.random((images, 1)) > odds).sum(axis=1)
    return truth, softmax(logits * sharp, axis=1)


# Five images that it is sure of by 0.6, four right; four by 0.9, two right; one by 0.52, wrong.
SURE = two([0.6] * 5 + [0.9] * 4 + [0.52])
TRUTH = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])


def test_the_brier_score_is_that_of_the_forecasts_in_its_paper() -> None:
    """Brier (1950), table 1: ten forecasts of rain."""
    rain = two([0.7, 0.9, 0.8, 0.4, 0.2, 0, 0, 0, 0, 0.1])
    assert brier(np.array([0, 1, 1, 1, 0, 0, 0, 0, 0, 0]), rain) == pytest.approx(0.19)


def test_the_brier_score_is_the_sum_of_scikit_learns_over_the_classes() -> None:
    truth, probabilities = drawn(200, 2)
    theirs = [brier_score_loss(truth == each, probabilities[:, each]) for each in range(4)]
    assert brier(truth, probabilities) == pytest.approx(sum(theirs))


def test_the_calibration_error_is_what_it_is_by_hand() -> None:
    """Guo et al. (2017), equation 3: the gaps of the bins, by their share of the images."""
    expected = 0.5 * abs(4 / 5 - 0.6) + 0.4 * abs(2 / 4 - 0.9) + 0.1 * abs(0 - 0.52)
    assert expected_calibration_error(TRUTH, SURE) == pytest.approx(expected)


def test_one_bin_holds_the_gap_of_all_images_together() -> None:
    gap = abs(6 / 10 - (5 * 0.6 + 4 * 0.9 + 0.52) / 10)
    assert expected_calibration_error(TRUTH, SURE, bins=1) == pytest.approx(gap)


def test_the_reliability_is_what_it_is_by_hand() -> None:
    found = reliability(TRUTH, SURE, bins=5)
    np.testing.assert_allclose(found.edges, [0, 0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_array_equal(found.counts, [0, 0, 6, 0, 4])
    np.testing.assert_allclose(found.accuracy, [np.nan, np.nan, 4 / 6, np.nan, 0.5])
    np.testing.assert_allclose(found.confidence, [np.nan, np.nan, 3.52 / 6, np.nan, 0.9])


def test_the_reliability_is_that_of_scikit_learn() -> None:
    truth, probabilities = drawn(500, 2)
    right = probabilities.argmax(axis=1) == truth
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=10)
    found = reliability(truth, probabilities)
    np.testing.assert_allclose(found.accuracy[found.counts > 0], accuracy)
    np.testing.assert_allclose(found.confidence[found.counts > 0], confidence)


def test_the_surest_images_are_answered_first_and_equally_sure_ones_together() -> None:
    found = coverage_curve(TRUTH, SURE)
    np.testing.assert_allclose(found.coverage, [0.4, 0.9, 1])
    np.testing.assert_allclose(found.accuracy, [2 / 4, 6 / 9, 6 / 10])


def test_a_temperature_of_one_changes_nothing() -> None:
    _, probabilities = drawn(50, 2)
    np.testing.assert_allclose(apply_temperature(probabilities, 1), probabilities)


def test_heat_takes_the_surety_and_leaves_the_order() -> None:
    hot = apply_temperature(two([0.9]), 2)
    np.testing.assert_allclose(hot, [[0.25, 0.75]])  # the roots of 0.1 and 0.9 are as 1 to 3


def test_tempered_probabilities_keep_their_type_and_sum_to_one() -> None:
    _, probabilities = drawn(50, 2)
    for temperature in (MIN_TEMPERATURE, 1.7, MAX_TEMPERATURE):
        values = apply_temperature(probabilities.astype(np.float32), temperature)
        assert values.dtype == np.float32
        np.testing.assert_allclose(values.sum(axis=1), 1, rtol=1e-6)


def test_a_class_that_was_ruled_out_can_regain_probability() -> None:
    assert apply_temperature(two([1.0]), 2)[0, 0] == pytest.approx(FLOOR**0.5, rel=1e-3)


@pytest.mark.parametrize("judge", [expected_calibration_error, brier, reliability, coverage_curve])
def test_arrays_that_do_not_fit_are_told_why(judge) -> None:
    with pytest.raises(DataError) as error:
        judge(np.array([0, 2]), two([0.5, 0.5]))
    assert str(error.value) == (
        "The labels have the class index 2: for 2 classes it should be between 0 and 1."
    )
