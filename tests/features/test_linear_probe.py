"""The solved head: an optimum, for plain features, of the classes that are there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from transferkit.features.linear_probe import (
    ABSENT_LOGIT,
    C_VALUES,
    FlooredScaler,
    LinearProbe,
    _fold_logits,
    _mean_losses,
    solve_probe,
)

IMAGES, WIDTH = 240, 6


def draw(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of very different scales, and classes that depend on them."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((IMAGES, WIDTH)) * np.logspace(-2, 3, WIDTH) + 5
    logits = (features - 5) / np.logspace(-2, 3, WIDTH) @ rng.standard_normal((WIDTH, classes))
    truth = (2 * logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return features.astype(np.float32), truth


def solved(features: np.ndarray, truth: np.ndarray, classes: int, **options: object) -> LinearProbe:
    settings = {"weights": np.ones(len(truth)), "groups": [""] * len(truth), "seed": 0} | options
    return solve_probe(features, truth, classes=classes, **settings)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_gradient_at_the_optimum_is_that_of_the_penalty(classes: int) -> None:
    features, truth = draw(classes)
    probe = solved(features, truth, classes)
    logits = features @ probe.kernel + probe.bias
    error = softmax(logits, axis=1) - np.eye(classes)[truth]
    # What the bias would gain: nothing. What the kernel would: what the penalty holds back.
    assert np.abs(error.sum(axis=0)).max() < 0.1
    deviation = features.std(axis=0)
    pulls = ((features - features.mean(axis=0)) / deviation).T @ error
    scaled = probe.kernel * deviation[:, None]
    if classes > 2:  # with two, scikit-learn's penalty is on the difference of the logits
        np.testing.assert_allclose(-pulls * probe.c, scaled, atol=0.02)


def test_it_is_right_where_the_scales_differ() -> None:
    features, truth = draw(4)
    later, answers = draw(4)
    loss, right = solved(features, truth, 4).evaluate(later, answers, np.ones(IMAGES))
    assert right > 0.75
    assert loss < 0.7


def test_a_class_without_images_is_never_said() -> None:
    features, truth = draw(3)
    kept = truth != 1
    probe = solved(features[kept], truth[kept], 3)
    assert not probe.kernel[:, 1].any()
    assert probe.bias[1] == ABSENT_LOGIT
    assert 1 not in (features @ probe.kernel + probe.bias).argmax(axis=1)


def test_a_class_of_two_images_is_in_no_need_of_being_judged_in_every_fold() -> None:
    features, truth = draw(3)
    rows = np.concatenate([np.flatnonzero(truth != 1), np.flatnonzero(truth == 1)[:2]])
    probe = solved(features[rows], truth[rows], 3)
    assert np.isfinite(probe.kernel).all()
    assert probe.kernel[:, 1].any()


def test_a_heavier_class_is_said_more_often() -> None:
    features, truth = draw(2)
    features = features[:, :1]  # too little to tell them apart by
    weights = np.where(truth == 1, 5.0, 1.0)
    plain, heavy = (
        (features @ each.kernel + each.bias).argmax(axis=1).mean()
        for each in (solved(features, truth, 2), solved(features, truth, 2, weights=weights))
    )
    assert heavy > plain


def test_what_is_judged_is_scaled_as_what_was_learnt_from() -> None:
    features, truth = draw(2)
    train, validation = np.arange(0, 200), np.arange(200, IMAGES)
    weights, part = np.ones(IMAGES), (train, validation)
    (plain,) = _fold_logits(features, truth, weights, part, (0.1,), 2)
    features[validation] = features[validation] * 3 + 1000  # by itself it would be scaled back
    (shifted,) = _fold_logits(features, truth, weights, part, (0.1,), 2)
    assert np.abs(shifted).mean() > 10 * np.abs(plain).mean()


def test_logits_of_a_fold_are_those_of_a_regression_on_the_others() -> None:
    features, truth = draw(3)
    train, validation = np.arange(0, 200), np.arange(200, IMAGES)
    (logits,) = _fold_logits(features, truth, np.ones(IMAGES), (train, validation), (0.1,), 4)
    scale = FlooredScaler().fit(features[train])
    plain = LogisticRegression(C=0.1, max_iter=500).fit(
        scale.transform(features[train]), truth[train]
    )
    expected = plain.decision_function(scale.transform(features[validation]))
    np.testing.assert_allclose(logits[:, :3], expected, atol=1e-2)
    assert (logits[:, 3] == ABSENT_LOGIT).all()


def test_the_loss_of_a_fold_is_weighted() -> None:
    logits, truth = np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([0, 0])
    rows = np.array([1, 0])
    weights = np.array([9.0, 1.0])
    (loss,) = _mean_losses([[logits]], [(rows, rows)], truth, weights)
    plain = -log_softmax(logits, axis=1)[:, 0]
    assert loss == pytest.approx((plain[0] * 1 + plain[1] * 9) / 10)


def test_every_image_has_held_out_logits_of_a_fold_without_it() -> None:
    features, truth = draw(2)
    probe = solved(features, truth, 2)
    assert sorted(probe.held_out) == list(range(IMAGES))
    assert probe.held_out_logits.shape == (IMAGES, 2)
    accuracy = (probe.held_out_logits.argmax(axis=1) == truth[probe.held_out]).mean()
    assert 0.6 < accuracy < 1


def test_without_a_search_and_where_no_class_can_be_divided_nothing_is_held_out() -> None:
    features, truth = draw(2)
    assert len(solved(features, truth, 2, c_values=(0.1,)).held_out) == 0
    assert len(solved(features, truth, 2, groups=["one"] * IMAGES).held_out) == 0


@pytest.mark.parametrize("copies", [2, 4])
def test_views_of_an_image_never_help_to_judge_it(copies: int) -> None:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((60, 80)).astype(np.float32)  # labels that nothing tells
    truth = np.tile(rng.integers(0, 2, 60), copies)
    views = np.concatenate([images + 0.01 * rng.standard_normal((60, 80)) for _ in range(copies)])
    names = [f"{number}.jpg" for number in range(60)] * copies
    kept, parted = (
        solved(views, truth, 2, groups=groups).c for groups in (names, [""] * len(names))
    )
    assert kept == C_VALUES[0]
    assert parted == C_VALUES[-1]


def test_twice_is_the_same() -> None:
    features, truth = draw(3)
    first, second = solved(features, truth, 3), solved(features, truth, 3)
    assert np.array_equal(first.kernel, second.kernel)


def test_the_log_loss_is_weighted_and_the_share_is_not() -> None:
    probe = LinearProbe(np.zeros((1, 2), np.float32), np.log([0.25, 0.75]).astype(np.float32), 1.0)
    loss, right = probe.evaluate(np.zeros((2, 1)), np.array([0, 1]), np.array([3.0, 1.0]))
    assert loss == pytest.approx(-(3 * np.log(0.25) + np.log(0.75)) / 4, rel=1e-5)
    assert right == 0.5


def test_nothing_is_warned_of_many_classes_with_few_images() -> None:
    features, truth = draw(2)[0][:60], np.arange(60) % 40
    probe = solved(features, truth, 40)  # a warning of scikit-learn would be an error
    assert np.isfinite(probe.kernel).all()
