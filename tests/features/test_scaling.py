from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.preprocessing import StandardScaler

from transferkit.features.linear_probe import MIN_DEVIATION, FlooredScaler, solve_probe


def features(images: int = 90, width: int = 12) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(images, width)).astype(np.float32)


def test_features_that_vary_are_scaled_as_by_scikit_learn() -> None:
    values = features() * np.linspace(0.1, 3, 12, dtype=np.float32)
    np.testing.assert_array_equal(
        FlooredScaler().fit_transform(values), StandardScaler().fit_transform(values)
    )


@pytest.mark.parametrize("parts", [1, 3])
def test_what_is_all_but_constant_is_not_enlarged(parts: int) -> None:
    values = features()
    values[:, 3], values[7, 3] = 0, 1e-6
    values[:, 4] = 5
    scale = FlooredScaler()
    for part in np.array_split(values, parts):
        scale.partial_fit(part)
    others = np.delete(np.sqrt(scale.var_), 4)
    assert scale.scale_[3] == pytest.approx(MIN_DEVIATION * np.median(others))
    assert scale.scale_[4] == 1


def test_a_unit_that_wakes_later_does_not_decide() -> None:
    """One image's answer was made sure, and wrong, by a unit that was awake for one other."""
    truth = np.arange(90) % 3
    values = features() + 3 * np.eye(12, dtype=np.float32)[truth]
    values[:, 11], values[truth.argmax(), 11] = 0, 1e-6
    probe = solve_probe(
        values,
        truth,
        classes=3,
        weights=np.ones(90),
        groups=[""] * 90,
        seed=0,
    )
    other = values[:1].copy()
    other[0, 11] = 1e-3
    logits = other @ probe.kernel + probe.bias
    assert log_softmax(logits, axis=1)[0, truth[0]] > np.log(0.5)
