"""Predictions of classifiers for the test images, timed and validated."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import cast, get_args

import numpy as np

from transferkit.errors import DataError
from transferkit.evaluation.results import COMPARED_BY, Classifier, Kind, Prediction, Result
from transferkit.evaluation.summary import EpochRecord, Summary


def predict_test_images(
    classifier: Classifier, classes: Sequence[str], paths: Sequence[str]
) -> Result:
    """Predict the images `paths` with `classifier`: a column for each of `classes`, and costs.

    Raises:
        DataError: its probabilities are of another shape.
    """
    classifier.probabilities(paths[:1])  # the first call also compiles, which is no image's cost
    start = time.perf_counter()
    prediction = _predict(classifier, paths)
    # What was computed in an earlier run would have to be computed for new images.
    seconds = time.perf_counter() - start + prediction.cached_seconds
    known = list(classifier.classes)
    probabilities = np.asarray(prediction.probabilities)
    if probabilities.shape != (len(paths), len(known)):
        raise DataError(
            f"The probabilities of {classifier.name} have the shape {probabilities.shape}: it "
            f"should be {(len(paths), len(known))}, one row per image and one column per class."
        )
    summary = classifier.summary
    return Result(
        name=classifier.name,
        kind=classifier.kind,
        probabilities=probabilities[:, [known.index(name) for name in classes]],
        fit_seconds=float(classifier.fit_seconds),
        predict_milliseconds=1000 * seconds / len(paths),
        megabytes=float(classifier.megabytes),
        summary=summary if isinstance(summary, Summary) else Summary(extra=dict(summary)),
        history=[
            row if isinstance(row, EpochRecord) else EpochRecord.from_json(row)
            for row in classifier.history
        ],
    )


def _predict(classifier: Classifier, paths: Sequence[str]) -> Prediction:
    predict = getattr(classifier, "predict_with_cost", None)
    prediction = predict(paths) if predict else Prediction(classifier.probabilities(paths))
    return cast(Prediction, prediction)


def require_classifier(classifier: Classifier) -> None:
    """Raise an error for an object that is not a classifier.

    Raises:
        DataError: it lacks what a classifier has, or is of another kind.
    """
    lacking = [name for name in COMPARED_BY if not hasattr(classifier, name)]
    if lacking:
        raise DataError(
            f"{classifier!r} cannot be compared: it has no {', '.join(lacking)}; "
            f"a classifier has {', '.join(COMPARED_BY)}."
        )
    if classifier.kind not in get_args(Kind):
        raise DataError(
            f"The kind of {classifier.name} is {classifier.kind!r}: "
            "it should be network or baseline."
        )


def require_same_classes(classifier: Classifier, classes: Sequence[str]) -> None:
    """Raise an error for a classifier with other classes.

    Raises:
        DataError: it names one of them.
    """
    unlike = sorted(set(classifier.classes) ^ set(classes))
    if unlike:
        where = "the images" if unlike[0] in classes else "its training"
        raise DataError(
            f"{classifier.name} was trained on {len(classifier.classes)} classes and the images "
            f"have {len(classes)}: {unlike[0]!r} is only in {where}; "
            "compare classifiers on the images of the manifest that they were trained on."
        )


def told_apart(results: Sequence[Result]) -> tuple[Result, ...]:
    """Return the results with unique names: `lenet`, `lenet (2)`."""
    taken: list[str] = []
    for result in results:
        name, number = result.name, 1
        while name in taken:
            number += 1
            name = f"{result.name} ({number})"
        taken.append(name)
    pairs = zip(results, taken, strict=True)
    return tuple(dataclasses.replace(result, name=name) for result, name in pairs)
