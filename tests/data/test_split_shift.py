"""A shift between train and test: told where there is one, within classes, by whole groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from transferkit.data.quality.split_shift import (
    features_probe,
    greatest_differences,
    split_shift,
    statistics_probe,
)

pytestmark = pytest.mark.slow

IMAGES = 240
PROBES = pytest.mark.parametrize("probe", [statistics_probe, features_probe])


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features that tell the class, a random third in test, two classes, each image alone."""
    generator = np.random.default_rng(seed)
    labels = np.arange(IMAGES) % 2
    in_test = generator.random(IMAGES) < 1 / 3
    features = generator.normal(size=(IMAGES, 8)) + 3 * labels[:, None]
    return features, in_test, labels, np.arange(IMAGES)


@PROBES
def test_a_shift_of_one_feature_is_told(probe) -> None:
    features, in_test, labels, groups = world()
    features[in_test, 5] += 4
    shift = split_shift(probe(0), features, in_test, labels, groups)
    assert shift.is_told
    assert 0.85 < shift.low <= shift.accuracy <= shift.high
    assert (shift.scores[in_test] > 0.5).mean() > 0.9
    assert (shift.scores[~in_test] < 0.5).mean() > 0.9


def test_a_size_between_two_others_is_told_by_the_forest() -> None:
    features, in_test, labels, groups = world()
    features[:, 2] = np.where(in_test, 0, np.where(groups % 3, 1, -1))
    assert split_shift(statistics_probe(0), features, in_test, labels, groups).is_told


@PROBES
def test_random_splits_are_not_told(probe) -> None:
    shifts = [split_shift(probe(0), *world(seed)) for seed in range(5)]
    assert sum(shift.is_told for shift in shifts) == 0
    assert 0.42 < np.mean([shift.accuracy for shift in shifts]) < 0.58


@PROBES
def test_another_mix_of_classes_is_no_shift(probe) -> None:
    features, in_test, labels, groups = world()
    generator = np.random.default_rng(1)
    in_test = generator.random(IMAGES) < np.where(labels == 1, 0.8, 0.1)
    assert not split_shift(probe(0), features, in_test, labels, groups).is_told
    together = split_shift(probe(0), features, in_test, np.zeros(IMAGES, int), groups)
    assert together.is_told  # it would be one, were classes not looked at


def test_an_image_is_judged_by_what_has_learnt_from_none_of_its_group() -> None:
    """Patients who look each like themselves, of whom chance has some in test."""
    generator = np.random.default_rng(3)
    patients = np.arange(IMAGES) // 6
    in_test = (generator.permutation(IMAGES // 6) < 13)[patients]
    features = generator.normal(size=(IMAGES // 6, 8))[patients]
    features = features + 0.05 * generator.normal(size=features.shape)
    labels = np.arange(IMAGES) % 2
    alone = split_shift(statistics_probe(0), features, in_test, labels, np.arange(IMAGES))
    grouped = split_shift(statistics_probe(0), features, in_test, labels, patients)
    assert alone.is_told
    assert not grouped.is_told
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_few_images_say_nothing() -> None:
    features, _, labels, groups = world()
    assert split_shift(statistics_probe(0), features, groups < 8, labels, groups) is None
    of_few = np.where(groups < 60, groups % 4, groups)  # 60 images of four patients
    assert split_shift(statistics_probe(0), features, groups < 60, labels, of_few) is None


def test_a_class_that_is_not_in_both_is_not_judged() -> None:
    features, in_test, labels, groups = world()
    labels = np.where(in_test & (groups < 40), 2, labels)
    scores = split_shift(statistics_probe(0), features, in_test, labels, groups).scores
    assert (np.isnan(scores) == (labels == 2)).all()


def test_of_many_images_some_are_judged() -> None:
    shift = split_shift(statistics_probe(0), *world(), max_images=100)
    assert np.isfinite(shift.scores).sum() == 100


def test_what_differs_most_within_classes_is_named_with_both_means() -> None:
    features, _, labels, _ = world()
    in_test = np.random.default_rng(1).random(IMAGES) < np.where(labels == 1, 0.8, 0.1)
    frame = pd.DataFrame(features, columns=list("abcdefgh"))
    frame["h"] += 2.0 * in_test
    frame["twin"] = 1 - frame["h"]
    (name, train, test), (other, *_) = greatest_differences(frame, in_test, labels, count=2)
    assert name in ("h", "twin")
    assert other not in ("h", "twin")  # what says the same is named once
    assert abs(test - train) == pytest.approx(2, abs=0.4)
