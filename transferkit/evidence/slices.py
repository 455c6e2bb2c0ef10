"""How a classifier does on parts of the test images, such as a camera's or a hospital's."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from transferkit.errors import DataError
from transferkit.evidence.intervals import Interval, wilson
from transferkit.evidence.scores import check_answers


@dataclasses.dataclass(frozen=True)
class Slice:
    """The images of one name.

    Attributes:
        name: of the slice.
        images: how many it has.
        accuracy: share of them whose likeliest class is the true one.
        interval: of the accuracy (Wilson, 1927): wide where the images are few.
    """

    name: str
    images: int
    accuracy: float
    interval: Interval


def slice_scores(truth: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> list[Slice]:
    """The slices by accuracy, the worst first; `names` `(images,)` says whose an image is.

    Of equally accurate ones, the larger first, then by name.

    Raises:
        DataError: the arrays do not fit one another, or the rows are no distributions.
    """
    check_answers(truth, probabilities, probabilities.shape[-1])
    if len(names) != len(truth):
        raise DataError(
            f"The images are {len(truth)} and the names of their slices {len(names)}: "
            "there should be one for each."
        )
    right = probabilities.argmax(axis=1) == truth
    known, places = np.unique(np.asarray(names, str), return_inverse=True)
    counts, hits = np.bincount(places), np.bincount(places, right)
    found = [
        Slice(str(name), int(images), float(hit / images), wilson(float(hit), int(images)))
        for name, images, hit in zip(known, counts, hits, strict=True)
    ]
    return sorted(found, key=lambda each: (each.accuracy, -each.images, each.name))
