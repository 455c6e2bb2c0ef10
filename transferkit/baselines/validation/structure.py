"""Checks that a saved baseline has the parts that `fit_baseline` makes."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from transferkit.backbones.catalog import find_backbone
from transferkit.baselines.backbone_features import BackboneFeatures
from transferkit.baselines.catalog import BASELINES
from transferkit.baselines.classifiers import MAKERS
from transferkit.baselines.image_features import IMAGE_SIZES, ImageFeatures
from transferkit.baselines.temperature_scaling import TemperedClassifier
from transferkit.baselines.validation.estimators import require_bounds
from transferkit.baselines.validation.requirements import (
    MIN_DIVISOR,
    ROUNDING,
    StructureError,
    require,
    require_array,
    require_number,
    require_values,
)
from transferkit.config.settings import DataConfig

PROBES = np.random.default_rng(0).normal(size=(3, 1))  # features to predict from


def require_facts(facts: Mapping[str, Any]) -> None:
    """Raise `StructureError` unless the `facts` beside a pipeline are of their types."""
    classes, seconds = facts["classes"], facts["fit_seconds"]
    require(isinstance(facts["name"], str), "its name is no text")
    names = isinstance(classes, tuple) and all(isinstance(name, str) for name in classes)
    require(names and len(set(classes)) == len(classes) > 0, "its classes are no list of names")
    number = isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0
    require(number and not isinstance(seconds, bool), "its time of fitting is no number")
    require(isinstance(facts["summary"], dict), "its summary is no values by name")


def require_structure(name: str, pipeline: Any, classes: int) -> None:
    """Raise an error unless `pipeline` has the structure of the baseline `name`.

    A name that is not in the catalog may be any baseline's. At last the classifier predicts from a
    few rows of made-up features: it has to output probabilities.

    Raises:
        StructureError: a part is of another kind, or has other values, than fitting makes.
    """
    require(type(pipeline) is Pipeline, "it is no pipeline")
    steps = _steps(pipeline)
    row = next((row for row in BASELINES if row.name == re.sub(r" \(\d+\)$", "", name)), None)
    names = [step for step, _ in steps]
    require(names in (["features", "classifier"], ["classifier"]), f"it has the steps {names}")
    if len(steps) == 2:
        _require_features(steps[0][1])
    if row is not None:
        require((row.features is not None) == (len(steps) == 2), "its steps are another's")
    makers = MAKERS if row is None else {row.classifier.name: MAKERS[row.classifier.name]}
    classifier = steps[-1][1]
    known = [_kinds(maker(0).estimator) for maker in makers.values()]
    require(_kinds(classifier) in known, f"its classifier is not that of {name!r}")
    numbers = require_array(_deciding(classifier), "classes_", (None,), kinds="i", low=0)
    ordered = len(numbers) > 0 and (np.diff(numbers) > 0).all() and numbers[-1] < classes
    require(ordered, "its classifier tells other classes apart")
    width = _width(classifier)
    _require_parts(classifier, width, numbers)
    _require_answers(classifier, width, len(numbers))


def _deciding(estimator: Any) -> Any:
    """Return the part of `estimator` that has the classes: its last step, or itself."""
    while type(estimator) is Pipeline:
        estimator = _steps(estimator)[-1][1]
    return estimator


def _steps(pipeline: Pipeline) -> list[tuple[str, Any]]:
    steps = vars(pipeline).get("steps")
    right = isinstance(steps, list) and all(
        isinstance(step, tuple) and len(step) == 2 and isinstance(step[0], str) for step in steps
    )
    require(right and steps, "a pipeline in it has no steps")
    require_values(pipeline, memory=None, transform_input=None)
    return steps


def _kinds(estimator: Any) -> tuple[str, ...]:
    """Return the names of the types of all parts, without the temperature scaling."""
    if type(estimator) is TemperedClassifier:
        fitted = vars(estimator).get("estimator_")
        require(type(fitted) is not TemperedClassifier, "its classifier is tempered twice")
        return _kinds(fitted)
    if type(estimator) is Pipeline:
        parts = [part for _, part in _steps(estimator)]
        require(not any(type(part) is Pipeline for part in parts), "a pipeline in it holds another")
        return (Pipeline.__name__, *(kind for part in parts for kind in _kinds(part)))
    return (f"{type(estimator).__module__}.{type(estimator).__name__}",)


def _parts(estimator: Any) -> Iterator[Any]:
    if type(estimator) is TemperedClassifier:
        yield from _parts(vars(estimator)["estimator_"])
    elif type(estimator) is Pipeline:
        for _, part in _steps(estimator):
            yield from _parts(part)
    else:
        yield estimator


def _width(classifier: Any) -> int:
    """Return how many features `classifier` takes: the same number for all its parts."""
    widths = set()
    for part in _parts(classifier):
        if type(part).__name__ == "RBFSVM":
            machine = vars(part).get("machine_")
            precomputed = getattr(machine, "kernel", None) == "precomputed"
            holder, name = (part, "vectors_") if precomputed else (machine, "support_vectors_")
            vectors = getattr(holder, name, None)
            right = isinstance(vectors, np.ndarray) and vectors.ndim == 2
            require(right, "its machine has no vectors")
            assert vectors is not None
            widths.add(vectors.shape[1])
        else:
            widths.add(require_number(part, "n_features_in_", low=0, high=2**31, whole=True))
    require(len(widths) == 1, "its parts take other numbers of features")
    return int(widths.pop())


def _require_parts(classifier: Any, width: int, numbers: np.ndarray) -> None:
    if type(classifier) is TemperedClassifier:
        require_number(classifier, "temperature_", low=MIN_DIVISOR)
        require(len(numbers) > 1, "its classifier decides between fewer than two classes")
    for part in _parts(classifier):
        require_bounds(part, width, numbers)
        if "classes_" in vars(part):
            same = np.array_equal(vars(part)["classes_"], numbers)
            require(same, "its parts tell other classes apart")


def _require_answers(classifier: Any, width: int, classes: int) -> None:
    values = np.repeat(PROBES, max(width, 1), axis=1)[:, :width].astype(np.float32)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        answers = classifier.predict_proba(values)
    require(np.shape(answers) == (len(values), classes), "its answers are not one for each class")
    shares = (answers >= 0).all() and (abs(answers.sum(axis=1) - 1) < ROUNDING).all()
    require(shares, "its answers are no probabilities")


def _require_features(features: Any) -> None:
    if type(features) is ImageFeatures:
        require(features.kind in IMAGE_SIZES, f"it reads features called {features.kind!r:.50}")
        DataConfig(
            resize=features.resize,  # type: ignore[arg-type]
            max_pixels=features.max_pixels,
            value_range=features.value_range,
            cache_gb=features.cache_gb,
        )
    elif type(features) is BackboneFeatures:
        require(isinstance(features.digest, str), "the digest of its weights is none")
        find_backbone(features.settings().model.backbone)
    else:
        raise StructureError("its first step reads no images")
