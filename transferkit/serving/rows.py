"""Rows of predictions: path, class, probabilities, problem and prediction set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd

from transferkit.config.validation import Between, check_settings
from transferkit.evaluation.conformal import prediction_sets

UNSURE = "unsure"


@dataclass(frozen=True)
class RowOptions:
    """Options of the rows of predictions.

    Attributes:
        top_k: number of likeliest classes with columns; 0 for one column per class.
        abstain: probability below which no class is predicted; 0 to predict always.
        coverage: share of images whose prediction set contains their class; 0 for no sets.
    """

    top_k: Annotated[int, Between(0, 1_000_000)] = 0
    abstain: Annotated[float, Between(0, 1)] = 0.0
    coverage: Annotated[float, Between(0, 0.9999)] = 0.0

    def __post_init__(self) -> None:
        check_settings(self)


def unsure_label(classes: Sequence[str]) -> str:
    """Return the label of images without a predicted class: `unsure`.

    If `classes` has that name, the label gets parentheses until it is not one of `classes`.
    """
    label = UNSURE
    while label in classes:
        label = f"({label})"
    return label


def prediction_rows(
    paths: Sequence[str],
    problems: Sequence[str],
    probabilities: np.ndarray,
    *,
    classes: Sequence[str],
    options: RowOptions,
    threshold: float | None = None,
) -> pd.DataFrame:
    """Return one row per image: path, class, probability, problem, and the probabilities.

    `probabilities` is `(images, classes)`. They become one column per class, or the columns of the
    `top_k` likeliest classes. For an image with a problem they are ignored, and are missing from
    its row. With the `threshold` of `ConformityScores`, a column `prediction_set` precedes them.
    """
    good = np.array([not problem for problem in problems], bool)
    probabilities = np.where(good[:, None], probabilities, np.nan)
    highest = np.where(good, probabilities.max(axis=1, initial=0), np.nan)
    best = np.where(good[:, None], probabilities, 0).argmax(axis=1)
    names = np.array([*classes, "", unsure_label(classes)], dtype=object)
    best[~good] = len(classes)
    best[highest < options.abstain] = len(classes) + 1
    columns = {
        "path": _objects(paths),
        "class": _objects(names[best]),
        "probability": pd.Series(highest),
        "problem": _objects(problems),
    }
    if threshold is not None:
        columns["prediction_set"] = _objects(_sets(probabilities, classes, good, threshold))
    if options.top_k:
        columns |= _likeliest(probabilities, names[:-1], good, options.top_k)
    else:
        columns |= {
            f"p({name})": pd.Series(values)
            for name, values in zip(classes, probabilities.T, strict=True)
        }
    # The header has objects too: pandas' own string type requires UTF-8, which a name need not be.
    frame = pd.concat(list(columns.values()), axis=1, keys=range(len(columns)))
    return frame.set_axis(pd.Index(list(columns), dtype=object), axis=1)


def _likeliest(
    probabilities: np.ndarray, names: np.ndarray, good: np.ndarray, top_k: int
) -> dict[str, pd.Series]:
    """Return the columns class_1, p_1, class_2, ...; the last of `names` is for no class."""
    columns = {}
    order = np.argsort(-np.nan_to_num(probabilities), axis=1, kind="stable")
    for rank in range(min(top_k, probabilities.shape[1])):
        index = order[:, rank]
        columns[f"class_{rank + 1}"] = _objects(names[np.where(good, index, len(names) - 1)])
        columns[f"p_{rank + 1}"] = pd.Series(probabilities[np.arange(len(index)), index])
    return columns


def _sets(
    probabilities: np.ndarray, classes: Sequence[str], good: np.ndarray, threshold: float
) -> list[tuple[str, ...]]:
    """Return the prediction set of each image, the likeliest class first; empty with a problem."""
    known = np.nan_to_num(probabilities)
    sets, order = prediction_sets(known, threshold), np.argsort(-known, axis=1, kind="stable")
    return [
        tuple(classes[index] for index in ranked if chosen[index]) if usable else ()
        for ranked, chosen, usable in zip(order, sets, good, strict=True)
    ]


def _objects(values: Sequence[Any] | np.ndarray) -> pd.Series:
    return pd.Series(list(values), dtype=object)
