"""Folds that keep together what belongs together, whatever the classes' sizes."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.data.folds import MAX_FOLDS, MAX_SEARCHED, make_folds, search_folds

SIZES = [(20, 20, 20), (30, 2), (30, 1), (30, 1, 1), (4, 1), (1, 1), (2, 2), (1,), (1, 1, 1, 5)]


def _truth(sizes: tuple[int, ...]) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("grouped", [False, True])
def test_every_class_is_learnt_in_every_fold(sizes: tuple[int, ...], grouped: bool) -> None:
    truth = _truth(sizes)
    groups = [f"pair {row // 2}" if grouped else "" for row in range(len(truth))]
    for learn, judge in make_folds(truth, groups, seed=0):
        assert set(truth[learn]) == set(truth)
        assert len(judge)


@pytest.mark.parametrize("sizes", SIZES[:-3])
def test_an_image_is_never_on_both_sides(sizes: tuple[int, ...]) -> None:
    truth = _truth(sizes)
    if max(sizes) > 1:
        for learn, judge in make_folds(truth, [""] * len(truth), seed=0):
            assert not set(learn) & set(judge)


def test_a_class_that_no_row_was_drawn_of_has_one_all_the_same() -> None:
    truth = np.zeros(5 * MAX_SEARCHED, int)
    rare = np.setdiff1d(np.arange(len(truth)), search_folds(truth, [""] * len(truth), 0)[0])[:2]
    truth[rare] = 1
    rows, folds = search_folds(truth, [""] * len(truth), seed=0)
    assert len(rows) == MAX_SEARCHED + 1
    assert rows[-1] in rare
    assert all(set(truth[rows[learn]]) == {0, 1} for learn, _ in folds)


def test_large_classes_are_judged_once_each_image() -> None:
    truth = _truth((20, 20, 20))
    folds = make_folds(truth, [""] * 60, seed=0)
    assert len(folds) == MAX_FOLDS
    assert sorted(np.concatenate([judge for _, judge in folds])) == list(range(60))


def test_duplicates_stay_on_one_side() -> None:
    truth = _truth((20, 20))
    groups = [f"pair {row // 2}" if row % 3 else "" for row in range(40)]
    for learn, judge in make_folds(truth, groups, seed=0):
        inside = {groups[row] for row in learn} & {groups[row] for row in judge}
        assert inside <= {""}


def test_who_is_in_a_group_with_the_only_one_of_a_class_goes_with_it() -> None:
    truth = np.array([0] * 12 + [1, 0])
    groups = [""] * 12 + ["pair", "pair"]
    for seed in range(5):
        for learn, _ in make_folds(truth, groups, seed=seed):
            assert {12, 13} <= set(learn)


@pytest.mark.parametrize("most", [2, 10])
def test_groups_of_any_size_are_kept_together_and_dealt_evenly(most: int) -> None:
    rng = np.random.default_rng(most)
    truth = rng.permutation(_truth((90, 60)))
    groups = [f"set {row // most}" if row < 100 else "" for row in range(150)]
    folds = make_folds(truth, groups, seed=0)
    assert sorted(np.concatenate([judge for _, judge in folds])) == list(range(150))
    for learn, judge in folds:
        assert {groups[row] for row in learn} & {groups[row] for row in judge} <= {""}
        assert sorted([*learn, *judge]) == list(range(150))
        assert len(judge) == pytest.approx(50, abs=6)
        assert np.mean(truth[judge] == 0) == pytest.approx(0.6, abs=0.08)


def test_where_nothing_can_be_divided_the_one_fold_is_everything() -> None:
    ((learn, judge),) = make_folds(np.array([0, 1, 2]), ["", "", ""], seed=0)
    assert learn.tolist() == judge.tolist() == [0, 1, 2]


def test_the_seed_decides_the_folds() -> None:
    truth, groups = _truth((20, 20)), [""] * 40
    first, again, other = (make_folds(truth, groups, seed)[0][1].tolist() for seed in (1, 1, 2))
    assert first == again != other
