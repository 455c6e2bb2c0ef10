"""Images drawn anew: as SciPy draws them, and by group."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from transferkit.evaluation.bootstrap import random_signs, resampled, resampled_counts, units_of


def test_the_draws_spread_as_those_of_scipy() -> None:
    right = np.array([1.0] * 70 + [0.0] * 30)
    theirs = bootstrap((right,), np.mean, n_resamples=4000, method="percentile")
    drawn = resampled(100, (), draws=4000) @ right / 100
    low, high = np.quantile(drawn, [0.025, 0.975])
    interval = theirs.confidence_interval
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.011)


def test_each_draw_has_as_many_images_as_there_are() -> None:
    drawn = resampled(20, (), draws=50)
    assert drawn.shape == (50, 20)
    assert (drawn.sum(axis=1) == 20).all()


def test_images_of_a_group_are_drawn_together_and_others_alone() -> None:
    drawn = resampled(5, ["a", "", "a", "", "b"], draws=200)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 1] != drawn[:, 3]).any()
    assert (drawn[:, [0, 1, 3, 4]].sum(axis=1) == 4).all()


def test_the_same_seed_draws_the_same() -> None:
    first, second, other = (resampled(9, (), draws=5, seed=seed) for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_draws_of_many_images_come_in_parts() -> None:
    parts = resampled_counts(500_000, draws=2000)
    assert next(parts).shape == (4, 500_000)


def test_units_are_numbered_from_nothing_a_group_having_one() -> None:
    units = units_of(5, ["b", "", "a", "b", ""])
    assert sorted(set(units.tolist())) == [0, 1, 2, 3]
    assert units[0] == units[3]
    assert units_of(3, ()).tolist() == [0, 1, 2]


def test_signs_are_as_often_plus_as_minus() -> None:
    signs = np.concatenate(list(random_signs(50, draws=2000)))
    assert signs.shape == (2000, 50)
    assert set(np.unique(signs)) == {-1, 1}
    assert abs(signs.mean()) < 0.02
