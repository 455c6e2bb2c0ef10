"""The protocol of a classifier that can be compared, and the result of its predictions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from transferkit.config.settings import DataConfig
from transferkit.evaluation.summary import EpochRecord, Summary

Kind = Literal["network", "baseline"]
COMPARED_BY = (
    *("name", "kind", "classes", "fit_seconds", "megabytes"),
    *("summary", "history", "probabilities"),
)
"""Members of `Classifier` that a comparison needs: all but `data` and `save`."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """Probabilities `(images, classes)` float32 and what they would have cost without a cache.

    A classifier that reads cached features has a method `predict_with_cost(paths)` that returns
    it. `cached_seconds` is what computing those features took when they were computed.
    """

    probabilities: np.ndarray
    cached_seconds: float = 0.0


class Classifier(Protocol):
    """A fitted network or baseline: from paths of images to probabilities.

    Attributes:
        name: unique among those that are compared.
        kind: network or baseline.
        classes: column `k` of the probabilities is `classes[k]`.
        data: how it decodes images.
        fit_seconds: wall time of the fitting, what it took to read the images included.
        megabytes: on disk, in units of 10**6 bytes.
        summary: what was chosen and used; a mapping counts as the `extra` of a `Summary`.
        history: one record or mapping of its values per epoch; empty for a baseline.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def data(self) -> DataConfig: ...

    @property
    def fit_seconds(self) -> float: ...

    @property
    def megabytes(self) -> float: ...

    @property
    def summary(self) -> Summary | Mapping[str, Any]: ...

    @property
    def history(self) -> Sequence[EpochRecord | Mapping[str, Any]]: ...

    def probabilities(self, paths: Sequence[str]) -> np.ndarray:
        """`(images, classes)` float32, each row a distribution over the classes."""
        ...

    def save(self, folder: Path) -> None:
        """Save it into the run folder `folder`."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """Predictions of one classifier for the test images, and their cost.

    Attributes:
        probabilities: `(images, classes)` float32.
        fit_seconds: wall time of the fitting.
        predict_milliseconds: wall time of an image, from its file to its probabilities.
        megabytes: on disk, in units of 10**6 bytes.
        summary: what was chosen and used.
        history: one record per epoch; empty for a baseline.
    """

    name: str
    kind: Kind
    probabilities: np.ndarray
    fit_seconds: float
    predict_milliseconds: float
    megabytes: float
    summary: Summary = dataclasses.field(default_factory=Summary)
    history: Sequence[EpochRecord] = ()

    @property
    def predicted(self) -> np.ndarray:
        """The most probable class of each image, `(images,)` int64; of equals the first."""
        return self.probabilities.argmax(axis=1)


def is_correct(result: Result, labels: np.ndarray) -> np.ndarray:
    """Return the correctness of the predictions, `(images,)` bool."""
    return np.asarray(result.predicted == labels)
