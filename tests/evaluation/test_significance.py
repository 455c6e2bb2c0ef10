"""Paired tests: against published tables, SciPy, and the corners where little is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from transferkit.errors import DataError
from transferkit.evaluation.intervals import wilson
from transferkit.evaluation.significance import Difference, holm, mcnemar, mcnemar_mid_p, pairwise


def answers(*right: np.ndarray) -> dict[str, np.ndarray]:
    """Of classifiers `a`, `b`...: class 0, the true one, where they are `right` `(images,)`."""
    named = dict(zip("abcdefgh", right, strict=False))
    return {name: np.stack([each, ~each], axis=1) * 1.0 for name, each in named.items()}


def compared(first: np.ndarray, second: np.ndarray, groups=(), **settings: int) -> Difference:
    truth = np.zeros(len(first), int)
    (found,) = pairwise(truth, answers(first, second), groups, **settings)
    return found


def differing(wins: int, losses: int, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Two that are both right, but for `wins` of the first alone and `losses` of the second."""
    first, second = np.ones((2, images), bool)
    second[:wins] = False
    first[wins : wins + losses] = False
    return first, second


def test_the_exact_and_the_mid_p_value_are_those_published() -> None:
    """Bentur et al. (2009), as worked by Fagerland et al. (2013), table 1: 1 and 7 of 21."""
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)


@pytest.mark.parametrize(("wins", "losses"), [(1, 7), (5, 5), (0, 6), (150, 86)])
def test_the_exact_test_is_that_of_a_fair_coin(wins: int, losses: int) -> None:
    assert mcnemar(wins, losses) == pytest.approx(binomtest(wins, wins + losses).pvalue)
    assert mcnemar(wins, losses) == pytest.approx(mcnemar(losses, wins))


@pytest.mark.parametrize("test", [mcnemar, mcnemar_mid_p])
def test_as_many_wins_as_losses_tell_nothing(test) -> None:
    assert [test(0, 0), test(4, 4)] == [1, 1]


def test_the_mid_p_value_is_the_smaller() -> None:
    assert all(mcnemar_mid_p(wins, 9) < mcnemar(wins, 9) for wins in (0, 3, 8, 10, 30))


def test_adjusted_values_are_those_of_r() -> None:
    """As `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` has them."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize(
    ("values", "adjusted"),
    [([0.2], [0.2]), ([], []), ([0.5, 0.9], [1, 1]), ([0.02, 0.02], [0.04, 0.04])],
)
def test_adjusted_values_are_what_they_are_by_hand(values, adjusted) -> None:
    np.testing.assert_allclose(holm(values), adjusted)


def test_a_difference_says_who_wins_where_and_how_surely() -> None:
    found = compared(*differing(9, 1, 50))
    assert (found.first, found.second, found.wins, found.losses) == ("a", "b", 9, 1)
    assert found.difference == pytest.approx(8 / 50)
    assert found.interval.low < 8 / 50 < found.interval.high
    assert found.p_value == found.adjusted == mcnemar(9, 1)
    assert found.test == "exact McNemar"


def test_each_two_are_compared_in_their_order_and_the_values_adjusted_together() -> None:
    rng = np.random.default_rng(0)
    right = [rng.random(200) < share for share in (0.9, 0.8, 0.75)]
    found = pairwise(np.zeros(200, int), answers(*right))
    assert [(each.first, each.second) for each in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    adjusted = holm([each.p_value for each in found])
    np.testing.assert_allclose([each.adjusted for each in found], adjusted)
    assert [each.difference for each in found] == pytest.approx(
        [
            right[0].mean() - right[1].mean(),
            right[0].mean() - right[2].mean(),
            right[1].mean() - right[2].mean(),
        ]
    )


@pytest.mark.parametrize("groups", [(), [str(row // 4) for row in range(40)]])
def test_two_that_answer_alike_do_not_differ_and_might(groups) -> None:
    right = np.arange(40) % 5 > 0
    found = compared(right, right, groups)
    assert (found.difference, found.wins, found.losses, found.p_value) == (0, 0, 0, 1)
    rare = wilson(0, 10 if groups else 40).high
    assert (found.interval.low, found.interval.high) == (-rare, rare)


def test_the_interval_is_nearly_that_of_scipys_paired_bootstrap() -> None:
    first, second = differing(60, 30, 500)
    theirs = bootstrap(
        (first.astype(float) - second,), np.mean, n_resamples=4000, method="percentile"
    ).confidence_interval
    found = compared(first, second, draws=4000).interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_turning_the_two_round_turns_the_difference_round() -> None:
    first, second = differing(12, 5, 80)
    there, back = compared(first, second), compared(second, first)
    assert back.difference == -there.difference
    assert back.p_value == there.p_value
    assert back.interval.low == pytest.approx(-there.interval.high, abs=0.015)


@pytest.mark.parametrize("groups", [[""] * 30, [str(row) for row in range(30)]])
def test_groups_of_one_image_each_change_nothing(groups: list[str]) -> None:
    first, second = differing(6, 2, 30)
    found, alone = compared(first, second, groups), compared(first, second)
    assert (found.test, found.p_value) == ("exact McNemar", alone.p_value)


def test_copies_of_an_image_count_as_one() -> None:
    first, second = (np.repeat(each, 5) for each in differing(7, 1, 21))
    found = compared(first, second, [str(row // 5) for row in range(105)])
    assert found.test == "exact sign-flip test by group"
    assert found.p_value == pytest.approx(mcnemar(7, 1))
    assert mcnemar(found.wins, found.losses) < 1e-5


@pytest.mark.parametrize("pair", [(3, 4), (100, 101)])
def test_a_single_pair_among_many_is_an_exact_test_as_before(pair: tuple[int, int]) -> None:
    first, second = differing(7, 1, 200)
    groups = ["pair" if row in pair else "" for row in range(200)]
    found = compared(first, second, groups)
    assert found.test == "exact sign-flip test by group"
    # Of the 128 ways to turn the pair and six images round, one sums to more, and six to as much.
    expected = 2 * (1 + 6) / 128 if pair == (3, 4) else mcnemar(7, 1)
    assert found.p_value == pytest.approx(expected)


def test_no_p_value_by_group_is_nothing() -> None:
    first, second = differing(200, 0, 400)
    found = compared(first, second, [str(row // 2) for row in range(400)])
    assert 0 < found.p_value < 0.001


def test_one_group_alone_tells_nothing() -> None:
    found = compared(*differing(9, 1, 50), ["only"] * 50)
    assert (found.interval.low, found.interval.high) == (-1, 1)
    assert found.p_value > 0.4


def test_one_image_alone_tells_nothing() -> None:
    found = compared(*differing(1, 0, 1))
    assert (found.difference, found.p_value) == (1, 1)
    assert (found.interval.low, found.interval.high) == (-1, 1)


def test_one_classifier_alone_is_compared_with_none() -> None:
    assert pairwise(np.zeros(3, int), answers(np.ones(3, bool))) == ()
    assert pairwise(np.zeros(3, int), {}) == ()


def test_equally_good_ones_on_images_that_belong_together_are_not_often_told_apart() -> None:
    """As McNemar's test does in one of eight: the four images of a group are answered alike."""
    rng = np.random.default_rng(0)
    groups = [str(row // 4) for row in range(160)]
    found = []
    for _ in range(200):
        alike = rng.normal(size=(2, 40)).repeat(4, axis=1)
        first, second = 0.95 * alike + 0.3 * rng.normal(size=(2, 160)) < 0.8
        found.append(compared(first, second, groups, draws=400))
    false = np.mean([each.p_value < 0.05 for each in found])
    naive = np.mean([mcnemar(each.wins, each.losses) < 0.05 for each in found])
    assert false <= 0.09
    assert naive >= 0.125


def test_the_same_seed_gives_the_same_differences() -> None:
    groups = [str(row // 2) for row in range(40)]
    first, second = (compared(*differing(8, 3, 40), groups, seed=4) for _ in range(2))
    assert first == second


def test_answers_that_do_not_fit_are_told_why() -> None:
    with pytest.raises(DataError) as error:
        pairwise(np.zeros(2, int), answers(np.ones(3, bool), np.ones(3, bool)))
    assert str(error.value) == (
        "The labels have the shape (2,) and the probabilities (3, 2): "
        "for 2 classes they should be (images,) and (images, 2)."
    )
