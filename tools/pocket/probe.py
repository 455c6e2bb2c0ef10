"""Probe of a student's features on other images than it learns from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from tools.pocket.export import write_weights
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, ModelConfig
from transferkit.data.manifest import Manifest

PROBE = "logistic_regression_backbone"


def probe(student: keras.Model, manifests: Mapping[str, Manifest]) -> dict[str, float]:
    """Return the test accuracy of a logistic regression on the frozen features.

    By name, for each of `manifests`; it is fitted on their training images.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.weights.h5"
        write_weights(student, path)
        config = Config(model=ModelConfig(backbone="pocket", weights=str(path)))
        return {name: _accuracy(manifest, config) for name, manifest in manifests.items()}


def _accuracy(manifest: Manifest, config: Config) -> float:
    fitted = fit_baseline(PROBE, manifest, config)
    test = manifest.part("test")
    predictions = fitted.probabilities(list(test["path"])).argmax(axis=1)
    return float(np.mean(predictions == manifest.label_indices(test)))
