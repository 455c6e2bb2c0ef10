"""Doubted labels: every image is judged, by what has not learnt from it."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pandas as pd
import pytest

from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError
from transferkit.features.label_issues import find_label_issues, out_of_fold_probabilities

pytestmark = pytest.mark.slow

POCKET = Config(data=DataConfig(image_size=48), model=ModelConfig("pocket", "embedded"))
CLASSES, IMAGES, WIDTH = 3, 120, 6
WRONG = (7, 40, 99)


def clusters() -> tuple[np.ndarray, np.ndarray]:
    """Features of three clusters that lie well apart, and whose is which."""
    generator = np.random.default_rng(0)
    truth = np.arange(IMAGES) % CLASSES
    centres = 3 * generator.normal(size=(CLASSES, WIDTH))
    return (centres[truth] + generator.normal(size=(IMAGES, WIDTH))).astype(np.float32), truth


def judged(truth: np.ndarray, groups: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    return out_of_fold_probabilities(
        clusters()[0], truth, groups or [""] * IMAGES, classes=CLASSES, seed=0
    )


@pytest.fixture(scope="module")
def found(manifest: Manifest):
    frame = manifest.frame.copy()
    frame.loc[0, ["label", "problem"]] = "circles", "is damaged"
    return find_label_issues(Manifest(frame), POCKET)


def test_every_usable_image_is_there_once_and_the_most_doubted_first(found, manifest) -> None:
    assert list(found) == ["path", "label", "suggested", "doubt", "split"]
    assert set(found["path"]) == set(manifest.frame["path"][1:])
    assert len(found) == len(manifest) - 1
    assert found["doubt"].is_monotonic_decreasing
    assert found["doubt"].between(0, 1).all()


def test_it_suggests_another_class(found) -> None:
    assert (found["label"] != found["suggested"]).all()


def test_labels_that_are_not_utf_8_are_doubted_as_others_are(manifest) -> None:
    frame, name = manifest.frame.copy(), os.fsdecode(b"caf\xe9")
    labels = frame["label"].replace("circles", "caf")  # sorted as the other is
    plain = find_label_issues(Manifest(frame.assign(label=labels)), POCKET)
    odd = [name if label == "caf" else label for label in labels]
    found = find_label_issues(Manifest(frame.assign(label=pd.Series(odd, dtype=object))), POCKET)
    assert found["path"].tolist() == plain["path"].tolist()
    assert [each.replace(name, "caf") for each in found["suggested"]] == list(plain["suggested"])


def test_twice_is_the_same(found, manifest) -> None:
    frame = manifest.frame.copy()
    frame.loc[0, ["label", "problem"]] = "circles", "is damaged"
    assert find_label_issues(Manifest(frame), POCKET).equals(found)


def test_a_wrong_label_is_not_what_its_own_probe_says() -> None:
    truth = clusters()[1]
    wrong = truth.copy()
    wrong[list(WRONG)] = (truth[list(WRONG)] + 1) % CLASSES
    probabilities, is_judged = judged(wrong)
    assert is_judged.all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(IMAGES))
    assert probabilities[list(WRONG)].argmax(axis=1).tolist() == truth[list(WRONG)].tolist()


def test_copies_of_an_image_do_not_vouch_for_each_other() -> None:
    features, truth = clusters()
    copies = list(range(0, 30, 3))  # of the first class, all with the wrong label
    features[copies] = features[0] + 8
    wrong = truth.copy()
    wrong[copies] = 1
    alone, together = (
        out_of_fold_probabilities(features, wrong, groups, classes=CLASSES, seed=0)[0][
            copies, 1
        ].mean()
        for groups in (
            [""] * IMAGES,
            ["copy" if row in copies else "" for row in range(IMAGES)],
        )
    )
    assert together < 0.5 < alone


def test_a_class_of_one_image_is_not_judged() -> None:
    truth = np.where(clusters()[1] == 2, 1, clusters()[1])
    truth[5] = 2
    probabilities, is_judged = judged(truth)
    assert np.flatnonzero(~is_judged).tolist() == [5]
    assert probabilities[5].tolist() == [0, 0, 1]


def test_random_weights_doubt_nothing(manifest: Manifest) -> None:
    random = dataclasses.replace(POCKET, model=ModelConfig("pocket", "none"))
    with pytest.raises(ConfigError, match="random weights give no useful features"):
        find_label_issues(manifest, random)
