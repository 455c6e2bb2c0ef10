"""Conformal prediction sets: sets of classes that contain the right one with a given coverage.

The score of an image is 1 minus the probability of its class (least ambiguous sets: Sadinle, Lei
and Wasserman, JASA 2019, arXiv:1609.00451). A set holds the classes whose score is not above a
quantile of the scores of held-out images (Angelopoulos and Bates, arXiv:2107.07511). No framework
is imported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.errors import ConfigError

FOLDS, VALIDATION = "folds", "validation"
TOLERANCE = 1e-6  # of a score, which is rounded in the file and computed in float32
DIGITS = 7


@dataclass(frozen=True)
class ConformityScores:
    """Conformity scores of held-out images of a network.

    Attributes:
        scores: 1 minus the probability of the image's class, one per image, 0..1.
        groups: a group number per image.
        source: `folds`: each image by a classifier fitted on the other folds (cross-conformal:
            Vovk, Annals of Mathematics and Artificial Intelligence, 2015); or `validation`:
            validation images, by the network before it was refitted on them (split conformal).
    """

    scores: tuple[float, ...]
    groups: tuple[int, ...]
    source: str

    @property
    def words(self) -> str:
        """The method and the number of images, as a part of a sentence."""
        groups = len(set(self.groups))
        grouped = f" in {groups:,} groups" if groups < len(self.scores) else ""
        if self.source == FOLDS:
            return f"cross-conformal, from {len(self.scores):,} cross-validated images{grouped}"
        return f"split conformal, from {len(self.scores):,} validation images{grouped}"

    def threshold(self, coverage: float) -> float:
        """Return the highest score of a class in a prediction set of this `coverage`, 0..1.

        Raises:
            ConfigError: there are too few images for the coverage.
        """
        return conformal_quantile(np.array(self.scores), coverage, np.array(self.groups))

    def to_json(self) -> dict[str, Any]:
        """Return the scores as JSON values."""
        scores = [round(score, DIGITS) for score in self.scores]
        return {"scores": scores, "groups": list(self.groups), "source": self.source}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ConformityScores:
        """Return the scores that `to_json` gave as `content`.

        Raises:
            KeyError, TypeError, ValueError: `content` is not valid.
        """
        scores, groups = tuple(map(float, content["scores"])), tuple(map(int, content["groups"]))
        if not all(0 <= score <= 1 for score in scores):
            raise ValueError("its conformity scores should be between 0 and 1")
        if len(groups) != len(scores) or content["source"] not in (FOLDS, VALIDATION):
            raise ValueError("its conformity scores are incomplete")
        return cls(scores, groups, str(content["source"]))


def conformity_scores(
    probabilities: np.ndarray, labels: np.ndarray, groups: Sequence[str], source: str
) -> ConformityScores:
    """Return the scores of held-out images.

    `probabilities` is `(images, classes)`, `labels` `(images,)` class indices. `groups` has a name
    per image, the same for all images of one group.
    """
    scores = 1 - probabilities[np.arange(len(labels)), labels]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    return ConformityScores(
        tuple(np.clip(scores, 0, 1).astype(float).tolist()),
        tuple(numbers[name] for name in groups),
        source,
    )


def conformal_quantile(
    scores: np.ndarray, coverage: float, groups: np.ndarray | None = None
) -> float:
    """Return the conformal quantile of `scores` `(images,)` for a `coverage`.

    It is the score of rank ceil((n + 1) coverage) of n images. The images of one group count as
    one, since they are alike: the weight of each is one over the size of its group (Dunn, Wasserman
    and Ramdas, JASA 2023, arXiv:1809.07441). A new image is of a new group.

    Raises:
        ConfigError: there are too few groups for the coverage.
    """
    groups = np.arange(len(scores)) if groups is None else groups
    _, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) < min_groups(coverage):
        raise ConfigError(
            f"A coverage of {coverage:g} needs {min_groups(coverage):,} held-out images "
            f"(those of one group count as one), and there are {len(sizes):,}: "
            f"{_advice(len(sizes))}."
        )
    order = np.argsort(scores, kind="stable")
    shares = np.cumsum(1 / sizes[members][order]) / (len(sizes) + 1)
    rank = int(np.searchsorted(shares, coverage - 1e-9))  # the sum of shares is not exact
    return float(scores[order][min(rank, len(scores) - 1)])


def min_groups(coverage: float) -> int:
    """Return the number of held-out images, or groups of them, for a `coverage` below 1."""
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def prediction_sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Return `(images, classes)` bool, the classes in the set of each image.

    The likeliest class is always in the set, so that no set is empty.
    """
    sets = 1 - probabilities <= threshold + TOLERANCE
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    return np.asarray(sets)


def _advice(groups: int) -> str:
    if not groups:
        return "train on more images"
    possible = math.floor(100 * groups / (groups + 1)) / 100
    return f"ask for {possible:g} or less, or train on more images"
