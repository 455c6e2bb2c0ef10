"""Numbers of the report worked anew from their definitions, where little decides much."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, norm
from scipy.stats import t as student

from transferkit.evaluation.bootstrap import resampled_counts
from transferkit.evaluation.intervals import score_intervals, tails, wilson
from transferkit.evaluation.label_issues import rank_label_issues
from transferkit.evaluation.metrics import score
from transferkit.evaluation.significance import pairwise
from transferkit.evaluation.slices import slice_scores
from transferkit.learning_curves.power_law import deviations_of_means, doubling, fit_power_law


def answering(right: np.ndarray) -> np.ndarray:
    """Sure answers that are `right` `(images,)` where class 0 is the true one."""
    return np.eye(2)[np.where(right, 0, 1)]


def test_tails_are_as_wide_as_student_has_them() -> None:
    low = norm.cdf(-np.sqrt(10 / 9) * student.ppf(0.975, 9))
    assert tails(10) == pytest.approx((low, 1 - low))


def test_the_interval_of_a_difference_has_half_an_image_for_each_of_the_two() -> None:
    first, second = np.ones(30, bool), np.arange(30) >= 4
    named = {"a": answering(first), "b": answering(second)}
    (found,) = pairwise(np.zeros(30, int), named, draws=400)
    drawn = np.concatenate(list(resampled_counts(32, draws=400)))
    away = drawn[:, :30] @ (first * 1.0 - second) + 0.5 * (drawn[:, 30] - drawn[:, 31])
    images = drawn[:, :30].sum(axis=1) + 0.5 * drawn[:, 30:].sum(axis=1)
    expected = np.quantile(away / images, tails(30))
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected))


def test_one_large_group_among_small_ones_tells_little_of_two_that_answer_alike() -> None:
    right = np.arange(60) % 2 > 0
    groups = ["large"] * 50 + [""] * 10
    named = {"a": answering(right), "b": answering(right)}
    (found,) = pairwise(np.zeros(60, int), named, groups)
    assert found.interval.high == pytest.approx(wilson(0, 60**2 / (50**2 + 10)).high)


def test_one_sure_mistake_is_bounded_by_as_many_groups_as_would_tell_as_much() -> None:
    sizes = np.tile([1, 5], 20)
    groups = [str(group) for group in np.repeat(np.arange(40), sizes)]
    right = np.arange(120) > 0
    answers = answering(right)
    loss = score(np.zeros(120, int), answers, "ab").log_loss
    found = score_intervals(np.zeros(120, int), answers, "ab", groups, draws=200)["log_loss"]
    alone, largest = 120**2 / (sizes**2).sum(), -np.log(1e-7)
    bound = wilson(loss / largest * alone, alone, quantile=student.ppf(0.975, 39))
    assert found.high == pytest.approx(bound.high * largest, rel=1e-4)


def test_a_sure_mistake_costs_sixteen_nats() -> None:
    assert score(np.array([0]), np.array([[0.0, 1.0]]), "ab").log_loss == pytest.approx(
        16.118, abs=0.001
    )


def test_a_slice_whose_groups_seem_alike_has_the_design_effect_of_all_slices() -> None:
    calm = np.tile([True, True, True, False], 4)
    wild = np.repeat([True, False, True, True], 4)
    names, groups = ["a"] * 16 + ["b"] * 16, [str(row // 4) for row in range(32)]
    right = np.concatenate([calm, wild])
    found = {
        each.name: each for each in slice_scores(np.zeros(32, int), answering(right), names, groups)
    }
    away = right - 0.75
    effect = (away.reshape(8, 4).sum(axis=1) ** 2).sum() / (away**2).sum()
    images = 16 / effect
    expected = wilson(0.75 * images, images, quantile=student.ppf(0.975, 3))
    interval = found["a"].interval
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_the_adjusted_interval_of_groups_is_that_of_korn_and_graubard() -> None:
    right = np.repeat(np.arange(20) % 4 > 0, 5)
    groups = [str(row // 5) for row in range(100)]
    (found,) = slice_scores(np.zeros(100, int), answering(right), ["all"] * 100, groups)
    images = 19 * (norm.ppf(0.975) / student.ppf(0.975, 19)) ** 2
    hits = 0.75 * images
    expected = beta.ppf(0.025, hits, images - hits + 1), beta.ppf(0.975, hits + 1, images - hits)
    assert (found.adjusted.low, found.adjusted.high) == pytest.approx(expected)


def test_sizes_of_few_draws_take_their_deviation_from_the_smaller_ones() -> None:
    residuals = np.array(
        [[2, 2, 1, 0], [-2, -2, -1, np.nan], [2, 1, np.nan, np.nan], [-2, -1, np.nan, np.nan]]
        + [[0, 0, np.nan, np.nan]]
    )
    deviations, freedom = deviations_of_means(residuals)
    assert freedom.tolist() == [4, 4, 5, 5]
    expected = np.sqrt([16 / 4 / 5, 10 / 4 / 5, 12 / 5 / 2, 12 / 5])
    np.testing.assert_allclose(deviations, expected)


def test_the_interval_of_a_gain_is_students() -> None:
    sizes = np.array([5.0, 10, 20])
    errors = np.array([[0.5, 0.4, 0.31], [0.52, 0.41, 0.32], [0.51, 0.42, 0.3]])
    found = doubling(sizes, errors, draws=30)
    deviations, freedom = deviations_of_means(errors - errors.mean(axis=0))
    chance = np.random.default_rng(0).normal(size=(30, 3)) * deviations
    laws = [fit_power_law(sizes, errors.mean(axis=0) + each) for each in chance]
    gains = [float(law.error(20) - law.error(40)) for law in laws]
    half = student.ppf(0.975, freedom.min()) * np.std(gains)
    assert found.interval.high == pytest.approx(found.gain + half)


def test_a_class_without_images_is_held_to_certainty() -> None:
    answers = np.array([[0.5, 0.1, 0.4], [0.2, 0.8, 0.0]])
    (first, _) = sorted(rank_label_issues(np.array([0, 1]), answers), key=lambda doubt: doubt.image)
    assert first.suggested == 2
    assert first.doubt == pytest.approx(0.4 / (0.4 + 0.5 / 0.5))


def test_the_macro_f1_is_centred_where_the_draws_draw_it_down() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=40)
    answers = np.eye(3)[np.where(rng.random(40) < 0.6, truth, rng.integers(3, size=40))]
    found = score_intervals(truth, answers, "abc", draws=300)["macro_f1"]
    own, values = score(truth, answers, "abc").macro_f1, []
    for counts in np.concatenate(list(resampled_counts(40, draws=300))):
        rows = np.repeat(np.arange(40), counts)
        values.append(score(truth[rows], answers[rows], "abc").macro_f1)
    support = np.bincount(truth)
    images = min(own * (1 - own) / np.var(values), 9 / (1 / support).sum())
    expected = wilson((2 * own - np.mean(values)) * images, images)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
