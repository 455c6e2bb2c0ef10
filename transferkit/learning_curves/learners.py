"""Classifiers of a learning curve, on features that are read once for all sizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np

from transferkit.backbones.resolve import is_pretrained
from transferkit.baselines.catalog import find_baseline, suitable_baselines
from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.fit import make_features
from transferkit.baselines.image_transformer import ImageTransformer
from transferkit.config.settings import Config, TrainConfig
from transferkit.data.class_weights import image_weights

PROBED = "logistic_regression_backbone"  # whose features the probe looks at
PROBE_TITLE = "linear probe on its frozen features"


@dataclasses.dataclass(frozen=True, eq=False)
class Examples:
    """Training data: features `(images, width)`, class indices and group names `(images,)`.

    `classes` is how many there are in all; not each of them has an image here.
    """

    values: np.ndarray
    labels: np.ndarray
    groups: list[str]
    classes: int
    seed: int


Answer = Callable[[np.ndarray], np.ndarray]
"""From features `(images, width)` to the likeliest class numbers `(images,)`."""


@dataclasses.dataclass(frozen=True, eq=False)
class CurveLearner:
    """A classifier of the curve; `fit` tunes and fits it, and returns its prediction function.

    `features` reads what it looks at, and `kind_of_features` is what that is called: those of the
    same kind are the same. None and empty where it looks at nothing.
    """

    name: str
    kind: Literal["network", "baseline"]
    title: str
    features: ImageTransformer | None
    kind_of_features: str
    fit: Callable[[Examples], Answer]


def learners(config: Config, baselines: Sequence[str]) -> list[CurveLearner]:
    """Return the linear probe, if the backbone is pretrained, and the suitable `baselines`.

    Raises:
        ConfigError: no baseline, or no backbone, is called so.
    """
    suitable = [_baseline(name, config) for name in suitable_baselines(config, baselines)]
    if not is_pretrained(config.model):
        return suitable
    features = make_features(find_baseline(PROBED), config)
    fit = partial(_solve, train=config.train)
    return [
        CurveLearner(config.model.backbone, "network", PROBE_TITLE, features, "backbone", fit),
        *suitable,
    ]


def _baseline(name: str, config: Config) -> CurveLearner:
    row = find_baseline(name)
    kind = row.features.name if row.features else ""

    def fit(examples: Examples) -> Answer:
        estimator, _ = tune_and_fit(
            row.classifier.name,
            examples.values,
            examples.labels,
            groups=examples.groups,
            seed=examples.seed,
            weights=image_weights(examples.labels, config.train),
        )

        def answer(values: np.ndarray) -> np.ndarray:
            return np.asarray(estimator.classes_[estimator.predict_proba(values).argmax(axis=1)])

        return answer

    return CurveLearner(name, "baseline", row.title, make_features(row, config), kind, fit)


def _solve(examples: Examples, train: TrainConfig) -> Answer:
    """Fit the linear head as the first stage of training does, with the same class weights."""
    from transferkit.features.linear_probe import solve_probe

    weights = image_weights(examples.labels, train)
    solution = solve_probe(
        examples.values,
        examples.labels,
        classes=examples.classes,
        weights=np.ones(len(examples.labels)) if weights is None else weights,
        groups=examples.groups,
        seed=examples.seed,
    )

    def answer(values: np.ndarray) -> np.ndarray:
        return np.asarray((values @ solution.kernel + solution.bias).argmax(axis=1))

    return answer
