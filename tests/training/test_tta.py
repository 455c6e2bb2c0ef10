"""The mirror image at test time: looked at where that lowers the validation loss, else not."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from transferkit.config.settings import Config, TrainConfig
from transferkit.evaluation.summary import TrainingSummary
from transferkit.training import tta
from transferkit.training.dataset import SplitData

pytestmark = pytest.mark.slow

TRUTH = np.array([0, 1, 1, 0])
SURE = np.eye(2)[TRUTH] * 0.8 + 0.1
UNSURE = np.full((4, 2), 0.5)


def fit_of(augment: str = "flip") -> SimpleNamespace:
    """A training with four validation images."""
    paths = [f"{number}.png" for number in range(4)]
    targets = np.eye(2, dtype=np.float32)[TRUTH]
    part = SplitData(paths, targets, np.ones(4, np.float32), 4, paths)
    config = dataclasses.replace(Config(), train=TrainConfig(augment=augment))
    return SimpleNamespace(
        classifier=None, config=config, validation=part, summary=TrainingSummary()
    )


def answering(plain: np.ndarray, mirrored: np.ndarray) -> type:
    """A predictor that gives these probabilities of pictures and of their mirror images."""

    class Answers:
        def __init__(self, *arguments: object) -> None:
            pass

        def __call__(self, paths: object, data: object, *, doing: str, change: object):
            return plain if change is None else mirrored

    return Answers


@pytest.mark.parametrize(
    ("plain", "mirrored", "helps"), [(UNSURE, SURE, True), (SURE, UNSURE, False)]
)
def test_the_mirror_image_is_kept_where_it_lowers_the_loss(
    plain: np.ndarray, mirrored: np.ndarray, helps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tta, "BatchPredictor", answering(plain, mirrored))
    fit = fit_of()
    assert tta.should_use_tta(fit) is helps
    assert fit.summary.tta is helps


def test_where_training_mirrors_nothing_it_is_not_asked() -> None:
    assert not tta.should_use_tta(fit_of(augment="none"))
