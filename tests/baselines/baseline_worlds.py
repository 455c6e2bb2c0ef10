"""Drawn features for classifiers, and a classifier tuned on them."""

from __future__ import annotations

import numpy as np

from transferkit.baselines.classifiers import tune_and_fit

WIDTH = 8


def draw(
    sizes: tuple[int, ...], *, seed: int = 0, noise: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    """Features around a centre a class, so many images of each."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((len(sizes), WIDTH))
    truth = np.repeat(np.arange(len(sizes)), sizes)
    values = centres[truth] + noise * rng.standard_normal((len(truth), WIDTH))
    return values.astype(np.float32), truth


def balanced(truth: np.ndarray) -> np.ndarray:
    counts = np.bincount(truth)
    return (len(truth) / (np.count_nonzero(counts) * counts))[truth]


def fitted(name: str, values: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None):
    groups = [""] * len(truth)
    return tune_and_fit(name, values, truth, groups=groups, seed=0, weights=weights)
