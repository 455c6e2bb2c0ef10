"""Conformal prediction sets hold the right class as often as asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax

from transferkit.errors import ConfigError
from transferkit.evaluation.conformal import (
    FOLDS,
    ConformityScores,
    conformal_quantile,
    conformity_scores,
    min_groups,
    prediction_sets,
)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("images", [99, 100, 123, 1000])
def test_the_quantile_is_that_of_the_paper(coverage: float, images: int) -> None:
    scores = np.random.default_rng(images).random(images)
    rank = math.ceil(round((images + 1) * coverage, 9))
    assert conformal_quantile(scores, coverage) == np.sort(scores)[rank - 1]


@pytest.mark.parametrize(
    ("coverage", "images"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)]
)
def test_so_many_images_are_needed(coverage: float, images: int) -> None:
    assert min_groups(coverage) == images
    scores = np.linspace(1, 0, images)
    assert conformal_quantile(scores, coverage) == 1
    with pytest.raises(ConfigError):
        conformal_quantile(scores[1:], coverage)


def test_too_few_images_are_one_sentence() -> None:
    scores = ConformityScores((0.1,) * 12, (0, 1, 2, 3) * 3, FOLDS)
    with pytest.raises(ConfigError) as caught:
        scores.threshold(0.95)
    assert str(caught.value) == (
        "A coverage of 0.95 needs 19 held-out images (those of one group count as one), and "
        "there are 4: ask for 0.8 or less, or train on more images."
    )
    with pytest.raises(ConfigError) as caught:
        ConformityScores((), (), FOLDS).threshold(0.5)
    assert str(caught.value).endswith("and there are 0: train on more images.")


def test_copies_of_an_image_count_as_one() -> None:
    scores = np.random.default_rng(0).random(50)
    times = np.random.default_rng(1).integers(1, 9, 50)
    repeated, groups = np.repeat(scores, times), np.repeat(np.arange(50), times)
    assert conformal_quantile(repeated, 0.9, groups) == conformal_quantile(scores, 0.9)
    assert conformal_quantile(repeated, 0.9) != conformal_quantile(scores, 0.9)


@pytest.mark.parametrize("coverage", [0.8, 0.95])
@pytest.mark.parametrize("sureness", [1, 4])
def test_sets_hold_the_right_class_so_often(coverage: float, sureness: float) -> None:
    """Also by a network that is four times as sure as it should be; 40 images, 400 draws."""
    generator, held = np.random.default_rng(0), []
    names = [str(number) for number in range(40)]
    for _ in range(400):
        logits = generator.normal(size=(140, 6))
        labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
        probabilities = softmax(logits * sureness, axis=1)
        scores = conformity_scores(probabilities[:40], labels[:40], names, FOLDS)
        sets = prediction_sets(probabilities[40:], scores.threshold(coverage))
        held.append(sets[np.arange(100), labels[40:]].mean())
    # 40 images give 1/41 more than asked at most; the mean of 400 draws is known to 0.5 %.
    assert coverage - 0.01 <= np.mean(held) <= coverage + 1 / 41 + 0.01


def test_a_set_has_the_likeliest_class_at_least() -> None:
    probabilities = np.array([[0.4, 0.35, 0.25], [0.9, 0.06, 0.04]])
    assert prediction_sets(probabilities, 0.05).tolist() == [[True, False, False]] * 2
    assert prediction_sets(probabilities, 0.7).tolist() == [
        [True, True, False],
        [True] + [False] * 2,
    ]
    assert prediction_sets(probabilities, 1).all()


def test_scores_come_back_from_json() -> None:
    probabilities = np.array([[0.25, 0.75], [0.5, 0.5], [1, 0]], np.float32)
    scores = conformity_scores(probabilities, np.array([1, 0, 0]), ["b", "a", "b"], FOLDS)
    assert scores == ConformityScores((0.25, 0.5, 0.0), (0, 1, 0), FOLDS)
    assert ConformityScores.from_json(scores.to_json()) == scores
    assert scores.words == "cross-conformal, from 3 cross-validated images in 2 groups"


@pytest.mark.parametrize(
    "change",
    [{"scores": [0.1, 2, 0.3]}, {"scores": [0.1]}, {"source": "guess"}, {"groups": "abc"}],
)
def test_changed_scores_are_refused(change: dict[str, object]) -> None:
    content = ConformityScores((0.1, 0.2, 0.3), (0, 1, 2), FOLDS).to_json()
    with pytest.raises(ValueError):
        ConformityScores.from_json(content | change)
