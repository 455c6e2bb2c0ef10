"""How good a student's features are for other images than it learns from: the probe."""

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
    """The share of test images that a logistic regression on the frozen features gets right.

    By name, for each of `manifests`; their training images are what it is fitted on.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "student.weights.h5"
        write_weights(student, path)
        config = Config(model=ModelConfig(backbone="pocket", weights=str(path)))
        return {name: _accuracy(manifest, config) for name, manifest in manifests.items()}


def _accuracy(manifest: Manifest, config: Config) -> float:
    fitted = fit_baseline(PROBE, manifest, config)
    test = manifest.part("test")
    found = fitted.probabilities(list(test["path"])).argmax(axis=1)
    return float(np.mean(found == manifest.truth(test)))
