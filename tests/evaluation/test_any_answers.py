"""Every statistic on any answers at all: constant, perfect, all wrong, tied, sure, few and many."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferkit.evaluation.calibration import (
    brier,
    coverage_curve,
    expected_calibration_error,
    reliability,
)
from transferkit.evaluation.intervals import score_intervals
from transferkit.evaluation.label_issues import rank_label_issues
from transferkit.evaluation.metrics import score
from transferkit.evaluation.significance import pairwise
from transferkit.evaluation.slices import slice_scores
from transferkit.learning_curves.power_law import doubling, fit_power_law

pytestmark = pytest.mark.slow

DRAWS = 100  # of the bootstrap: what is held here does not depend on them
MANNERS = ("constant", "right", "wrong", "tied", "sure", "mixed", "rounded")
PRECISIONS = (np.float16, np.float32, np.float64)
AT_LEAST, AT_MOST = 1e-6, 1e-4  # rounding of float32, and of float16 summed over the classes
bounded = settings(max_examples=60, deadline=None, derandomize=True)


@dataclasses.dataclass(frozen=True)
class Exam:
    """A truth, the answers to it, and the groups of the images."""

    truth: np.ndarray
    answers: np.ndarray
    groups: list[str]

    @property
    def names(self) -> list[str]:
        return [str(number) for number in range(self.answers.shape[1])]


def answered(truth: np.ndarray, classes: int, manner: str, rng: np.random.Generator) -> np.ndarray:
    """Answers `(images, classes)` in float64 of one manner of answering."""
    images = len(truth)
    if manner == "constant":
        return np.tile(rng.dirichlet(np.ones(classes)), (images, 1))
    if manner == "right":
        return np.eye(classes)[truth]
    if manner == "wrong":
        return np.eye(classes)[(truth + 1) % classes]
    if manner == "tied":
        return np.full((images, classes), 1 / classes)
    if manner == "sure":
        return np.eye(classes)[rng.integers(classes, size=images)]
    if manner == "rounded":  # votes of three, whose sums differ in the last bit by their order
        votes = rng.multinomial(3, np.ones(classes) / classes, size=images) / 3
        return votes * (1 + rng.choice([0, 2.0**-52], size=(images, 1)))
    return rng.dirichlet(np.full(classes, 0.5), size=images)


@st.composite
def exams(draw: st.DrawFn, most: int = 300) -> Exam:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    images, classes = draw(st.integers(1, most)), draw(st.integers(2, 6))
    known = draw(st.integers(1, classes))  # classes that the test images are of
    truth = rng.integers(known, size=images)
    answers = answered(truth, classes, draw(st.sampled_from(MANNERS)), rng)
    precision = draw(st.sampled_from(PRECISIONS))
    grouped = draw(st.sampled_from(["none", "pairs", "one", "some"]))
    groups = {
        "none": [""] * images,
        "pairs": [str(row // 2) for row in range(images)],
        "one": ["only"] * images,
        "some": [rng.choice(["", "a", "b", "c"]) for _ in range(images)],
    }[grouped]
    return Exam(truth, answers.astype(precision), groups)


@bounded
@given(exams())
def test_every_interval_holds_its_own_score(exam: Exam) -> None:
    scores = score(exam.truth, exam.answers, exam.names)
    intervals = score_intervals(exam.truth, exam.answers, exam.names, exam.groups, draws=DRAWS)
    for name, found in intervals.items():
        assert found.low - AT_LEAST <= getattr(scores, name) <= found.high + AT_MOST
        assert found.low >= 0
        if name != "log_loss":
            assert found.high <= 1


@pytest.mark.parametrize("images", [*range(2, 60), 106, 210, 228, 2_000, 4_001, 30_000, 100_000])
@pytest.mark.parametrize("row", [(0.5, 0.5), (0.7, 0.3), (1.0, 0.0), (0.4999999, 0.5000001)])
def test_a_constant_answer_has_an_interval_at_every_size(images: int, row) -> None:
    truth = np.arange(images) % 2
    answers = np.tile(np.array(row, np.float32), (images, 1))
    loss = score(truth, answers, "ab").log_loss
    found = score_intervals(truth, answers, "ab", draws=20 if images > 5_000 else DRAWS)["log_loss"]
    assert found.low - AT_LEAST <= loss <= found.high + AT_LEAST
    assert found.high <= 16.2


def test_the_interval_of_the_loss_does_not_hang_on_rounding() -> None:
    """The same answers, some of them larger by the last bit of a float32."""
    truth = np.arange(300) % 2
    answers = np.tile(np.float32([0.7, 0.3]), (300, 1))
    other = answers.copy()
    other[::7] = np.nextafter(other[::7], np.float32(1))
    first, second = (
        score_intervals(truth, each, "ab", draws=DRAWS)["log_loss"] for each in (answers, other)
    )
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=1e-5)


def test_losses_alike_but_for_rounding_are_as_uncertain_as_equal_ones() -> None:
    """All right: that no image costs more is as little known, whether or not the last bit moves."""
    truth = np.zeros(300, int)
    answers = np.tile(np.float32([0.7, 0.3]), (300, 1))
    other = answers.copy()
    other[::7] = np.nextafter(other[::7], np.float32(1))
    first, second = (
        score_intervals(truth, each, "ab", draws=DRAWS)["log_loss"] for each in (answers, other)
    )
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=1e-5)


@bounded
@given(exams(), exams())
def test_two_that_are_compared_have_a_chance_and_an_interval(exam: Exam, another: Exam) -> None:
    rng = np.random.default_rng(len(another.truth))
    classes = exam.answers.shape[1]
    second = answered(exam.truth, classes, MANNERS[len(another.truth) % len(MANNERS)], rng)
    answers = {"a": exam.answers, "b": second, "c": exam.answers}
    for found in pairwise(exam.truth, answers, exam.groups, draws=DRAWS):
        assert 0 < found.p_value <= found.adjusted <= 1
        assert -1 <= found.interval.low <= found.interval.high <= 1
        own = found.difference
        assert min(found.interval.low, 0) - AT_LEAST <= own <= max(found.interval.high, 0)


@bounded
@given(exams())
def test_confidence_is_judged_within_its_bounds(exam: Exam) -> None:
    scores = score(exam.truth, exam.answers, exam.names)
    assert 0 <= expected_calibration_error(exam.truth, exam.answers) <= 1 + AT_MOST
    assert 0 <= brier(exam.truth, exam.answers) <= 2 + AT_MOST
    found = reliability(exam.truth, exam.answers)
    assert found.counts.sum() == len(exam.truth)
    filled = found.counts > 0
    hits = found.accuracy[filled] @ found.counts[filled]
    assert hits / len(exam.truth) == pytest.approx(scores.accuracy)
    curve = coverage_curve(exam.truth, exam.answers)
    assert (np.diff(curve.coverage) > 0).all()
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(scores.accuracy)


@bounded
@given(exams(), st.integers(0, 2**16))
def test_the_order_of_the_images_changes_no_judgement(exam: Exam, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(exam.truth))
    truth, answers = exam.truth[order], exam.answers[order]
    for judge in (expected_calibration_error, brier):
        assert judge(truth, answers) == pytest.approx(judge(exam.truth, exam.answers))
    first, second = coverage_curve(truth, answers), coverage_curve(exam.truth, exam.answers)
    np.testing.assert_allclose(first.coverage, second.coverage)
    np.testing.assert_allclose(first.accuracy, second.accuracy)


@pytest.mark.parametrize("precision", PRECISIONS[1:])
def test_answers_alike_but_for_rounding_are_answered_together(precision) -> None:
    share = precision(2 / 3)
    sure = np.array([share, np.nextafter(share, precision(1)), np.nextafter(share, precision(0))])
    answers = np.stack([sure, 1 - sure], axis=1)
    assert coverage_curve(np.array([0, 1, 1]), answers).coverage.tolist() == [1]
    assert reliability(np.array([0, 1, 1]), answers, bins=15).counts.tolist() == (
        [0] * 9 + [3] + [0] * 5
    )


@bounded
@given(exams())
def test_every_label_can_be_doubted(exam: Exam) -> None:
    doubts = rank_label_issues(exam.truth, exam.answers)
    assert sorted(each.image for each in doubts) == list(range(len(exam.truth)))
    assert all(0 <= each.doubt <= 1 and each.given != each.suggested for each in doubts)


@bounded
@given(exams())
def test_every_slice_has_an_accuracy_within_its_interval(exam: Exam) -> None:
    names = [str(number) for number in exam.truth]
    slices = slice_scores(exam.truth, exam.answers, names)
    assert sum(each.images for each in slices) == len(exam.truth)
    for each in slices:
        assert 0 <= each.interval.low - 0 <= each.accuracy + AT_LEAST
        assert each.accuracy <= each.interval.high + AT_LEAST <= 1 + 2 * AT_LEAST


@bounded
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.9, 1.0]), min_size=3, max_size=3),
        min_size=1,
        max_size=4,
    )
)
def test_a_learning_curve_of_any_errors_has_a_law_and_a_gain(rows: list[list[float]]) -> None:
    sizes, errors = np.array([5, 10, 20]), np.array(rows)
    law = fit_power_law(sizes, errors.mean(axis=0))
    assert law.floor >= 0
    assert law.scale >= 0
    found = doubling(sizes, errors, draws=DRAWS)
    assert 0 <= found.interval.low <= found.gain + AT_LEAST
    assert found.gain <= found.interval.high + AT_LEAST
