"""Test images with the predictions of one classifier: confidently wrong, uncertain, correct."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import decode
from transferkit.errors import DataError
from transferkit.evaluation.results import Result
from transferkit.report.html.thumbnails import picture_uri

THUMBNAIL_SIZE = 160  # pixels of a thumbnail: sharp at 80 on a phone's screen
QUALITY = 78  # of the JPEG: about 6 kB a thumbnail, so that the page stays under 1 MB
MAX_THUMBNAILS = 12  # thumbnails of each group


@dataclasses.dataclass(frozen=True)
class Thumbnail:
    """One test image and its prediction."""

    uri: str
    """The picture itself, as a data URI."""
    path: str
    label: str
    predicted: str
    probability: float
    """Of the predicted class, 0..1."""

    @property
    def right(self) -> bool:
        """Whether the prediction is correct."""
        return self.label == self.predicted


@dataclasses.dataclass(frozen=True)
class Group:
    """A group of test images."""

    title: str
    thumbnails: tuple[Thumbnail, ...]


def gallery(
    result: Result, test: pd.DataFrame, classes: Sequence[str], data: DataConfig = DataConfig()
) -> list[Group]:
    """Return the non-empty groups: confidently wrong, least certain, most certain correct."""
    probability = result.probabilities.max(axis=1)
    predicted = np.array(classes)[result.predicted]
    right = predicted == test["label"].to_numpy()
    falling = np.argsort(-probability, kind="stable")
    chosen = {
        "Most confidently wrong": falling[~right[falling]],
        "Least certain": falling[::-1],
        "Correct, most certain": falling[right[falling]],
    }
    groups = []
    for title, positions in chosen.items():
        made = (
            _thumbnail(test.iloc[at], str(predicted[at]), float(probability[at]), data)
            for at in positions[:MAX_THUMBNAILS]
        )
        thumbnails = tuple(thumbnail for thumbnail in made if thumbnail is not None)
        if thumbnails:
            groups.append(Group(title, thumbnails))
    return groups


def _thumbnail(
    row: pd.Series, predicted: str, probability: float, data: DataConfig
) -> Thumbnail | None:
    """Return the thumbnail of one row; None if the file no longer exists."""
    try:
        pixels = decode(
            row["path"],
            THUMBNAIL_SIZE,
            resize="crop",
            max_pixels=data.max_pixels,
            value_range=data.value_range or None,
        )
    except DataError:
        return None
    uri = picture_uri(Image.fromarray(pixels), QUALITY)
    return Thumbnail(uri, row["path"], row["label"], predicted, probability)
