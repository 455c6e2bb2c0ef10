"""Intervals of scores: against SciPy, scikit-learn, and the corners where little is known."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student
from sklearn.metrics import balanced_accuracy_score, f1_score

from transferkit.errors import DataError
from transferkit.evaluation.bootstrap import resampled, units_of
from transferkit.evaluation.intervals import (
    NORMAL,
    Interval,
    _mean_interval,
    score_intervals,
    wilson,
)
from transferkit.evaluation.metrics import FLOOR, score

CLASSES = ("ant", "bee", "cat")
NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
SHARES = NAMES[:3]


def answered(images: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The truth of three classes, and answers that are right on some four of five images."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=images)
    odds = np.exp(1.5 * (rng.normal(size=(images, 3)) + 1.5 * np.eye(3)[truth]))
    return truth, odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(-0.0142, 0.0236, "-1.4 to 2.4"), (-0.0002, -0.0001, "0.0 to 0.0"), (0.5, 1, "50.0 to 100.0")],
)
def test_an_interval_is_said_in_per_cent(low, high, text):
    assert Interval(low, high).in_percent == text


def sure(answers: list[int]) -> np.ndarray:
    return np.eye(3)[answers]


def ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def wide(interval: Interval) -> float:
    return interval.high - interval.low


@pytest.mark.parametrize(("right", "images"), [(8, 10), (0, 10), (10, 10), (1, 1), (947, 1000)])
def test_the_interval_of_a_share_is_that_of_scipy(right: int, images: int) -> None:
    theirs = binomtest(right, images).proportion_ci(method="wilson")
    found = wilson(right, images)
    assert ends(found) == pytest.approx((theirs.low, theirs.high))


def test_the_accuracy_has_the_interval_of_a_share() -> None:
    truth, answers = answered(50)
    right = int((answers.argmax(axis=1) == truth).sum())
    found = score_intervals(truth, answers, CLASSES)["accuracy"]
    assert ends(found) == pytest.approx(ends(wilson(right, 50)))


@pytest.mark.parametrize("seed", range(3))
def test_the_scores_are_within_their_intervals(seed: int) -> None:
    truth, answers = answered(40, seed)
    scores, found = score(truth, answers, CLASSES), score_intervals(truth, answers, CLASSES)
    assert tuple(found) == NAMES
    for name, interval in found.items():
        assert interval.low < getattr(scores, name) < interval.high


@pytest.mark.parametrize("groups", [(), [""] * 60, [f"g{row // 2}" for row in range(60)]])
def test_means_over_classes_vary_as_scikit_learn_finds_in_the_same_draws(groups) -> None:
    truth, answers = answered(60)
    predicted = answers.argmax(axis=1)
    found = score_intervals(truth, answers, CLASSES, groups, draws=200)
    units = units_of(60, groups)
    quantile = student.ppf(0.975, units.max()) if units.max() < 59 else 1.959964
    for name, judge in (
        ("balanced_accuracy", balanced_accuracy_score),
        ("macro_f1", lambda *pair: f1_score(*pair, average="macro")),
    ):
        drawn = [
            judge(np.repeat(truth, counts), np.repeat(predicted, counts))
            for counts in resampled(60, groups, draws=200)
        ]
        own = judge(truth, predicted)
        images = own * (1 - own) / np.var(drawn)
        centre = own if name == "balanced_accuracy" else 2 * own - np.mean(drawn)
        expected = wilson(centre * images, images, quantile=quantile)
        # Wider only where the classes' few images would be told better than all images are.
        assert wide(expected) - 1e-6 <= wide(found[name]) <= 1.25 * wide(expected)


def test_the_log_loss_has_the_bootstrap_t_interval_drawn_by_hand() -> None:
    truth, answers = answered(30)
    losses = -np.log(answers[np.arange(30), truth])
    away = []
    for counts in resampled(30, (), draws=300):
        drawn = np.repeat(losses, counts)
        error = np.sqrt(((drawn - drawn.mean()) ** 2).sum() / 29 / 30)
        away.append((drawn.mean() - losses.mean()) / error)
    error = losses.std(ddof=1) / np.sqrt(30)
    low, high = losses.mean() - np.quantile(away, [0.975, 0.025]) * error
    found = score_intervals(truth, answers, CLASSES, draws=300)["log_loss"]
    assert ends(found) == pytest.approx((low, high))


@pytest.mark.parametrize("groups", [[""] * 40, [f"only{row}" for row in range(40)]])
def test_groups_of_one_image_each_change_nothing(groups: list[str]) -> None:
    truth, answers = answered(40)
    alone = score_intervals(truth, answers, CLASSES, [""] * 40)
    accuracy = score_intervals(truth, answers, CLASSES, groups)["accuracy"]
    assert accuracy == alone["accuracy"] == score_intervals(truth, answers, CLASSES)["accuracy"]


def test_copies_of_an_image_count_as_one() -> None:
    truth, answers = answered(20)
    copied = [f"image {row}" for row in range(20)] * 4
    found = score_intervals(np.tile(truth, 4), np.tile(answers, (4, 1)), CLASSES, copied)
    right = (answers.argmax(axis=1) == truth).mean()
    expected = wilson(right * 19, 19, quantile=student.ppf(0.975, 19))
    assert ends(found["accuracy"]) == pytest.approx(ends(expected))


def test_groups_of_unlike_images_do_not_seem_more_than_their_images() -> None:
    """Each group has one right and one wrong: it tells the accuracy exactly, as if by chance."""
    truth, answers = np.zeros(40, int), sure([0, 1] * 20)
    found = score_intervals(truth, answers, CLASSES, [str(row // 2) for row in range(40)])
    assert wide(found["accuracy"]) > wide(wilson(20, 40))


@pytest.mark.parametrize("groups", [(), [str(row // 3) for row in range(30)]])
def test_answers_that_are_all_right_are_not_certain_to_be(groups) -> None:
    truth = np.arange(30) % 3
    found = score_intervals(truth, sure(truth.tolist()), CLASSES, groups)
    units = 10 if groups else 30
    for name in SHARES:
        assert found[name].high == 1
        assert found[name].low <= wilson(units, units).low + 1e-9
    rare = wilson(0, units).high
    assert found["log_loss"].low == pytest.approx(0, abs=1e-5)
    assert found["log_loss"].high == pytest.approx(-math.log(FLOOR) * rare, rel=1e-4)


def test_answers_that_are_all_wrong_are_not_certain_to_be() -> None:
    truth = np.arange(30) % 3
    found = score_intervals(truth, sure(((truth + 1) % 3).tolist()), CLASSES)
    for name in SHARES:
        assert found[name].low == 0
        assert found[name].high >= wilson(0, 30).high - 1e-9
    assert found["log_loss"].high == pytest.approx(-math.log(FLOOR), rel=1e-4)
    assert found["log_loss"].low < 0.9 * found["log_loss"].high


def test_answers_that_say_nothing_cost_the_same_on_any_image() -> None:
    found = score_intervals(np.arange(30) % 3, np.full((30, 3), 1 / 3), CLASSES)["log_loss"]
    assert ends(found) == pytest.approx((math.log(3), math.log(3)))


def test_a_class_without_test_images_takes_nothing_from_the_others() -> None:
    truth, answers = answered(40)
    four = np.concatenate([answers, np.zeros((40, 1))], axis=1)
    found = score_intervals(truth, four, (*CLASSES, "dog"))
    own = score_intervals(truth, answers, CLASSES)
    for name in SHARES:
        assert ends(found[name]) == pytest.approx(ends(own[name]))


def test_one_true_class_alone_has_intervals() -> None:
    found = score_intervals(np.zeros(10, int), sure([0] * 8 + [1] * 2), CLASSES)
    assert all(0 <= found[name].low < found[name].high <= 1 for name in SHARES)


@pytest.mark.parametrize("images", [1, 2])
def test_one_unit_alone_tells_nothing(images: int) -> None:
    groups = ["only"] * images
    found = score_intervals(np.zeros(images, int), sure([0] * images), CLASSES, groups)
    for name in SHARES:
        assert found[name].low <= 0.21
        assert found[name].high == 1
    assert found["log_loss"].high > 16


def test_rare_classes_do_not_make_an_interval_narrow() -> None:
    """Two classes of one image each, both right: that a third of the mean is sure is no fact."""
    truth = np.array([0] * 38 + [1, 2])
    found = score_intervals(truth, sure([0] * 30 + [1] * 8 + [1, 2]), CLASSES)
    assert wide(found["balanced_accuracy"]) > 0.3


def test_the_macro_f1_of_few_images_a_class_is_held_as_often_as_it_is_said() -> None:
    """On the distribution of the answers' own making; the mere percentiles hold it in 82 of 100."""
    rng = np.random.default_rng(0)
    truth = rng.integers(20, size=20_000)
    answers = rng.normal(size=(20_000, 20)) + 3 * np.eye(20)[truth]
    answers = np.exp(answers) / np.exp(answers).sum(axis=1, keepdims=True)
    real = f1_score(truth, answers.argmax(axis=1), average="macro")
    held = 0
    for _ in range(200):
        rows = rng.integers(20_000, size=100)
        found = score_intervals(truth[rows], answers[rows], [str(n) for n in range(20)], draws=200)
        held += found["macro_f1"].low <= real <= found["macro_f1"].high
    assert 0.91 <= held / 200 <= 0.995


def test_many_images_are_not_all_drawn_at_once() -> None:
    """As 800 draws of 50,000 images are, in eight bytes each, 320 MB."""
    truth, answers = answered(50_000)
    tracemalloc.start()
    score_intervals(truth, answers, CLASSES, draws=800)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200e6


def test_arrays_that_do_not_fit_are_told_why() -> None:
    with pytest.raises(DataError) as error:
        score_intervals(np.array([0, 3]), sure([0, 1]), CLASSES)
    assert str(error.value) == (
        "The labels have the class index 3: for 3 classes it should be between 0 and 2."
    )


def test_the_macro_f1_is_freed_of_how_far_few_images_draw_it_down() -> None:
    drawn = np.array([0.45, 0.55] * 500)  # a tenth below what it was of all images
    images = 0.6 * 0.4 / drawn.var()
    wanted = wilson(0.7 * images, images)
    found = _mean_interval(0.6, drawn, 1e6, quantile=NORMAL, biased=True)
    assert (found.low, found.high) == pytest.approx((min(wanted.low, 0.6), wanted.high))
