"""Tests by exchange: against every exchange there is, SciPy's, and their level under chance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from transferkit.evaluation.sign_flips import exact_sign_flip, monte_carlo_sign_flip
from transferkit.evaluation.significance import balancing_weights, mcnemar, pairwise


def every_exchange(differences: list[int]) -> float:
    """The share of all exchanges as far from 0, one by one."""
    sums = [
        abs(np.dot(signs, differences))
        for signs in itertools.product([1, -1], repeat=len(differences))
    ]
    return float(np.mean(np.array(sums) >= abs(sum(differences))))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_all_exchanges_are_counted(differences: list[int]) -> None:
    assert exact_sign_flip(np.array(differences)) == pytest.approx(every_exchange(differences))


def test_it_is_the_test_by_permutation_of_scipy() -> None:
    differences = np.array([3, 1, 1, -2, 4, 1, 0, -1])
    theirs = permutation_test((differences,), np.sum, permutation_type="samples")
    assert exact_sign_flip(differences) == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (7, 1), (40, 60), (900, 700)])
def test_of_images_that_are_alone_it_is_the_test_of_mcnemar(wins: int, losses: int) -> None:
    differences = np.array([1] * wins + [-1] * losses + [0])
    assert exact_sign_flip(differences) == pytest.approx(mcnemar(wins, losses), abs=1e-12)


def test_a_hundred_thousand_groups_are_counted_too() -> None:
    differences = np.random.default_rng(0).integers(-3, 4, size=100_000)
    drawn = monte_carlo_sign_flip(differences[:, None].astype(float), draws=500)[0]
    assert exact_sign_flip(differences) == pytest.approx(drawn, abs=0.07)


@pytest.mark.parametrize("share", [1.0, 1 / 3, 0.1, 1e-6])
def test_sums_of_fractions_that_are_equal_but_for_rounding_count_as_equal(share: float) -> None:
    differences = np.array([[share]] * 3)
    assert monte_carlo_sign_flip(differences, draws=4_000)[0] == pytest.approx(0.25, abs=0.03)


def test_what_was_seen_is_one_of_the_exchanges_that_are_drawn() -> None:
    assert monte_carlo_sign_flip(np.ones((50, 1)), draws=99) == [1 / 100]


def balanced_difference(wins: tuple[int, int], images: tuple[int, int]):
    """Of two classes with so many `images`: the first is right on so many more of each."""
    truth = np.repeat([0, 1], images)
    first = np.ones(len(truth), bool)
    second = first.copy()
    for number, start in enumerate((0, images[0])):
        second[start : start + wins[number]] = False
    answers = {
        name: np.eye(2)[np.where(right, truth, 1 - truth)]
        for name, right in (("a", first), ("b", second))
    }
    (found,) = pairwise(truth, answers, weights=balancing_weights(truth))
    return found


def test_by_balancing_weights_the_difference_is_of_balanced_accuracies() -> None:
    found = balanced_difference((90, 10), (900, 20))
    assert found.difference == pytest.approx((90 / 900 + 10 / 20) / 2)
    assert found.interval.low < found.difference < found.interval.high
    assert found.test == "sign-flip test of balanced accuracy"
    assert found.p_value < 0.01


def test_wins_on_one_of_many_images_of_a_rare_class_tell_little() -> None:
    assert balanced_difference((0, 2), (900, 20)).p_value == pytest.approx(0.5, abs=0.05)


def test_equally_good_ones_are_rarely_told_apart_where_one_pair_is_a_copy() -> None:
    """The test of halves that counted ties by half did it in 6 of 100 where five images differ."""
    rng, false, tests = np.random.default_rng(0), 0, 2_000
    for _ in range(tests):
        differences = np.append(rng.choice([1, -1], size=5), 0)
        false += exact_sign_flip(differences) < 0.05
    assert false == 0


def test_equally_good_ones_of_unequal_classes_are_told_apart_in_one_of_twenty() -> None:
    rng, truth = np.random.default_rng(1), np.repeat([0, 1], [180, 20])
    weights, false = balancing_weights(truth), 0
    for seed in range(400):
        right = rng.random((200, 2)) < np.where(truth, 0.6, 0.9)[:, None]
        answers = {
            str(number): np.eye(2)[np.where(one, truth, 1 - truth)]
            for number, one in enumerate(right.T)
        }
        (found,) = pairwise(truth, answers, weights=weights, draws=200, seed=seed)
        false += found.p_value < 0.05
    assert 0.02 <= false / 400 <= 0.075
