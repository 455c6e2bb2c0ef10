"""Who is ahead after how many images: by hand, and how often chance alone says so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from transferkit.evaluation.significance import holm, paired_p_value
from transferkit.learning_curves.leads import leads

DRAWS = (5, 5, 5, 2, 2, 1)


def drawn(rng: np.random.Generator, shares, *, luck: float = 0.0, draws=DRAWS, images: int = 400):
    """For each size `(draws, images)` bool, right on about such `shares` of them."""
    return [
        rng.random((number, images)) < share + luck * (number > 1) * rng.normal(size=(number, 1))
        for share, number in zip(shares, draws, strict=True)
    ]


def test_the_last_size_is_tested_as_a_comparison_is() -> None:
    rng = np.random.default_rng(0)
    first, second = drawn(rng, [0.8] * 6), drawn(rng, [0.7] * 6)
    right = np.stack([first[-1][0], second[-1][0]], axis=1)
    groups = [str(row // 2) for row in range(400)]
    assert leads(first, second).p_values[-1] == paired_p_value(right)
    assert leads(first, second, groups).p_values[-1] == paired_p_value(right, groups)


def test_where_test_images_are_many_the_others_are_those_of_student_adjusted_by_holm() -> None:
    rng, images = np.random.default_rng(0), 400_000
    chances = [0.71, 0.72, 0.69]
    first = drawn(rng, chances, luck=0.02, draws=(5, 5, 1), images=images)
    second = drawn(rng, [0.7] * 3, luck=0.02, draws=(5, 5, 1), images=images)
    by_draw = [a.mean(axis=1) - b.mean(axis=1) for a, b in zip(first[:2], second[:2], strict=True)]
    expected = holm([ttest_1samp(each, 0).pvalue for each in by_draw])
    found = leads(first, second)
    np.testing.assert_allclose(found.p_values[:2], expected, rtol=0.05)
    np.testing.assert_allclose(found.differences[:2], [each.mean() for each in by_draw])


def test_few_test_images_are_as_uncertain_as_they_are() -> None:
    """All draws agree, for they share the twenty test images: these might have been others."""
    first = [np.tile(np.arange(20) < 14, (5, 1))] * 2 + [np.ones((1, 20), bool)]
    second = [np.tile(np.arange(20) < 11, (5, 1))] * 2 + [np.zeros((1, 20), bool)]
    found = leads(first, second)
    assert found.p_values[0] > 0.05
    assert not found.is_level


def test_test_images_of_a_group_are_not_many() -> None:
    rng = np.random.default_rng(0)
    gaps = np.repeat(rng.random(20) < 0.7, 10)
    first, second = [np.tile(gaps, (5, 1))] * 2, [np.tile(~gaps, (5, 1))] * 2
    alone, grouped = (
        leads([*first, first[0][:1]], [*second, second[0][:1]], groups).p_values
        for groups in ((), [str(row // 10) for row in range(200)])
    )
    assert grouped[0] > 3 * alone[0]
    assert alone[0] < 0.01


def test_one_draw_of_each_size_tells_nothing_of_the_smaller_ones() -> None:
    rng = np.random.default_rng(0)
    first, second = (drawn(rng, [share, 0.9], draws=(1, 1)) for share in (0.9, 0.2))
    assert leads(first, second).p_values[0] == 1


def test_two_that_answer_alike_are_level_at_every_size() -> None:
    right = drawn(np.random.default_rng(0), [0.5, 0.7, 0.9], draws=(3, 2, 1))
    found = leads(right, right)
    assert found.p_values.tolist() == [1, 1, 1]
    assert found.is_level


def test_a_true_crossing_is_found() -> None:
    rng = np.random.default_rng(0)
    first = drawn(rng, [0.3, 0.4, 0.5, 0.7, 0.85, 0.95], luck=0.01)
    second = drawn(rng, [0.5, 0.55, 0.6, 0.65, 0.7, 0.75], luck=0.01)
    found = leads(first, second)
    assert found.behind().tolist() == [0, 1, 2]
    assert found.ahead().tolist() == [4, 5]


@pytest.mark.parametrize("draws", [DRAWS, (2, 2, 2, 2, 2, 1)])
def test_of_equally_good_ones_none_is_often_said_to_be_behind(draws) -> None:
    """Equal but with all images: two deviations of few draws say so in a quarter of the worlds."""
    rng, false, tests = np.random.default_rng(0), 0, 300
    equal = [0.5, 0.6, 0.7, 0.75, 0.8]
    for _ in range(tests):
        first = drawn(rng, [*equal, 0.95], luck=0.03, draws=draws)
        second = drawn(rng, [*equal, 0.8], luck=0.03, draws=draws)
        found = leads(first, second)
        false += bool(len(found.behind()))
    assert false / tests <= 0.06
