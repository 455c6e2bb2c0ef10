"""What is kept of a classifier's answers."""

from __future__ import annotations

import numpy as np

from transferkit.evaluation.results import Result


def test_the_likeliest_class_is_predicted_and_of_equals_the_first() -> None:
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]], np.float32)
    result = Result("forest", "baseline", probabilities, 1.0, 2.0, 3.0)
    assert result.predicted.tolist() == [1, 0, 0]
