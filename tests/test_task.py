"""The task of single-label classification."""

from __future__ import annotations

import numpy as np
import pytest

from transferkit.task import TASK


def test_the_targets_of_labels_are_one_hot_and_decide_for_them() -> None:
    labels = np.array([2, 0, 1, 2])
    targets = TASK.targets(labels, 3)
    assert targets.dtype == np.float32
    assert targets.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert TASK.decide(targets).tolist() == labels.tolist()


def test_the_first_of_equal_probabilities_is_decided_for() -> None:
    assert TASK.decide(np.array([[0.5, 0.5], [0.2, 0.8]])).tolist() == [0, 1]


def test_the_loss_is_the_log_loss() -> None:
    probabilities = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    loss = float(TASK.loss()(TASK.targets(np.array([1, 0]), 2), probabilities))
    assert loss == pytest.approx(-np.log([0.75, 0.5]).mean(), rel=1e-5)
