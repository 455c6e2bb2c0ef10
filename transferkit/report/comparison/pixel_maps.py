"""Pixel importance of the baselines on pixels, as small images; brighter is more important.

It is of all images together, where Grad-CAM is of one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image

from transferkit.baselines.baseline import Baseline
from transferkit.baselines.pixel_importance import PixelImportance, pixel_importance
from transferkit.errors import DataError
from transferkit.evaluation.results import Classifier
from transferkit.report.html.thumbnails import picture_uri

EDGE = 192  # pixels: six for each
COLOURS, QUALITY = "inferno", 80
HOW = {
    "impurity": "by the gain of its trees' splits on each pixel in training",
    "permutation": "by permutation importance of blocks of pixels",
}


@dataclasses.dataclass(frozen=True)
class PixelMap:
    """Pixel importance of a baseline; `uri` is the image, `how` the method in words."""

    name: str
    uri: str
    how: str


def pixel_maps(classifiers: Sequence[Classifier], test: pd.DataFrame) -> list[PixelMap]:
    """Return the maps of the `classifiers` that are baselines on pixels, if computed fast enough.

    `test` has the path and the label of each test image.
    """
    maps = []
    paths = list(test["path"])
    for classifier in classifiers:
        if not isinstance(classifier, Baseline):
            continue
        labels = np.array([classifier.classes.index(label) for label in test["label"]], np.int64)
        try:
            importance = pixel_importance(classifier, paths, labels)
        except DataError:  # a test image went away
            continue
        if importance is not None:
            maps.append(PixelMap(classifier.name, _drawn(importance), HOW[importance.how]))
    return maps


def _drawn(importance: PixelImportance) -> str:
    shares = importance.values / importance.values.max()
    colours = matplotlib.colormaps[COLOURS](shares)[..., :3] * 255
    small = Image.fromarray(np.rint(colours).astype(np.uint8))
    return picture_uri(small.resize((EDGE, EDGE), Image.Resampling.NEAREST), QUALITY)
