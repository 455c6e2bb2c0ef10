import math

import pytest

from transferkit.evaluation.ranking import choices_by_cost, pareto

CASES = {
    "each dearer one is more accurate": ([1, 2, 3], [0.5, 0.6, 0.7], [0, 1, 2]),
    "a dear one that is worse": ([1, 2, 3], [0.5, 0.4, 0.7], [0, 2]),
    "in any order": ([30, 1, 2], [0.7, 0.5, 0.6], [1, 2, 0]),
    "the same cost": ([1, 1], [0.5, 0.6], [1]),
    "the same accuracy": ([2, 1], [0.5, 0.5], [1]),
    "the same in both": ([1, 1], [0.5, 0.5], [0]),
    "a cost that is not known": ([math.nan, 1], [0.9, 0.5], [1]),
    "none": ([], [], []),
}


@pytest.mark.parametrize(("costs", "accuracies", "front"), CASES.values(), ids=CASES)
def test_the_front_is_what_nothing_cheaper_equals(costs, accuracies, front):
    assert pareto(costs, accuracies) == front


def test_what_is_not_clearly_better_is_not_worth_its_price():
    accuracies = [0.50, 0.51, 0.53, 0.80]
    chosen = choices_by_cost(
        [1, 2, 3, 4], accuracies, lambda a, b: accuracies[a] - accuracies[b] > 0.025
    )
    assert chosen == [0, 2, 3]


def test_the_cheapest_needs_not_be_better_than_anything():
    assert choices_by_cost([5], [0.5], lambda a, b: False) == [0]
