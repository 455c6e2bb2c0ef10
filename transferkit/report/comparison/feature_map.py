"""A map of the test images by the features of the backbone: similar images lie close together.

The features are the cached ones of the frozen backbone, so that the map costs no pass over the
images; of a fine-tuned network they show what it started from.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from transferkit.config.settings import Config
from transferkit.data.decoding.decode import decode, in_threads
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError
from transferkit.evaluation.feature_space import MIN_IMAGES, tsne_map
from transferkit.evaluation.results import Result
from transferkit.report.comparison.cached_backbone import backbone_view
from transferkit.report.figures.curves import short
from transferkit.report.html.formatting import percent
from transferkit.report.html.thumbnails import picture_uri

if TYPE_CHECKING:
    from transferkit.models.network import Network

MAX_TEST_IMAGES = 2000  # test images of a map: t-SNE takes seconds for them
MIN_TEST_IMAGES = 300  # test images below which training images fill the map up to twice that
MAX_PICTURES = 1000  # that are in the page
TILE = 48  # pixels of each
QUALITIES = (60, 45, 30)  # of the JPEG that holds them all: the first of less than ROOM bytes
MAX_CHARACTERS = 800_000  # so that with the points the section stays under 1.2 MB
NAME = 40  # characters of a file's name
WIDTH, MARGIN = 480.0, 8.0  # of the drawing, in its own units
COLOURS = 9  # classes with a colour of their own; the rarer ones share the tenth


@dataclasses.dataclass(frozen=True)
class Point:
    """An image on the map.

    Attributes:
        x, y: in units of the drawing.
        colour: 0 to 9, the number of a CSS variable.
        caption: file name, label and prediction.
        kind: right or wrong of a test image, train of a training image.
        tile: the number of its picture, -1 for none.
    """

    x: float
    y: float
    colour: int
    caption: str
    kind: str
    tile: int


@dataclasses.dataclass(frozen=True)
class FeatureMap:
    """Content of the section.

    Attributes:
        points: misclassified ones last, so that they are on top.
        legend: a colour's class, and how many images of the map it has; in the order of colours.
        seen_by: whose features they are.
        note: what was drawn of more images, or added; empty for nothing.
        pictures: a data URI of all pictures, `columns` in a row; empty for none.
    """

    points: tuple[Point, ...]
    legend: tuple[tuple[str, int], ...]
    seen_by: str
    note: str
    pictures: str
    columns: int
    width: float
    height: float

    @property
    def rows(self) -> int:
        """Rows of `pictures`."""
        return -(-(1 + max(point.tile for point in self.points)) // self.columns)

    @property
    def wrong(self) -> int:
        """How many test images on it were misclassified."""
        return sum(point.kind == "wrong" for point in self.points)


def feature_map(
    network: Network,
    manifest: Manifest,
    result: Result,
    *,
    labels: np.ndarray,
    config: Config = Config(),
) -> FeatureMap | None:
    """Return the map of the manifest's test images, with the predictions `result` of `network`.

    `labels` `(images,)` are class indices. None if no features of the backbone are cached, or too
    few images are left. Missing files are left out.
    """
    view = backbone_view(network, manifest, config)
    if view is None:
        return None
    rows, note = _rows(manifest, result, labels, seed=config.seed)
    tiles = list(in_threads(lambda path: _tile(path, config), rows["path"]))
    there = np.array([tile is not None for tile in tiles], bool)
    rows, tiles = rows[there].reset_index(drop=True), [tile for tile in tiles if tile is not None]
    if len(rows) < MIN_IMAGES:
        return None
    features = view.features(list(rows["path"]))
    if features is None:
        return None
    positions, height = _placed(tsne_map(features, seed=config.seed))
    numbers = np.full(len(rows), -1)
    pictured = _pictured(rows, seed=config.seed)
    numbers[pictured] = np.arange(len(pictured))
    colours, legend = _coloured(rows["label"])
    points = [
        Point(float(x), float(y), int(colour), caption, kind, int(number))
        for (x, y), colour, caption, kind, number in zip(
            positions, colours, rows["caption"], rows["kind"], numbers, strict=True
        )
    ]
    order = {"train": 0, "right": 1, "wrong": 2}
    columns = max(1, int(np.ceil(np.sqrt(len(pictured)))))
    return FeatureMap(
        points=tuple(sorted(points, key=lambda point: order[point.kind])),
        legend=legend,
        seen_by=view.words,
        note=note,
        pictures=_sheet([tiles[index] for index in pictured], columns),
        columns=columns,
        width=WIDTH,
        height=height,
    )


def _rows(
    manifest: Manifest, result: Result, labels: np.ndarray, *, seed: int
) -> tuple[pd.DataFrame, str]:
    """Return the images of the map with `label`, `kind` and `caption`, and a note."""
    generator = np.random.default_rng(seed)
    test, train = manifest.part("test"), manifest.part("train")
    kinds = np.where(result.predicted == labels, "right", "wrong")
    shares = result.probabilities.max(axis=1).tolist()
    classes = manifest.classes  # looks at every row
    answers = [
        f"; predicted {classes[number]} ({percent(share)})"
        for number, share in zip(result.predicted, shares, strict=True)
    ]
    rows = test.assign(kind=kinds, caption=_captions(test, answers))
    if len(rows) > MAX_TEST_IMAGES:
        sample = np.sort(generator.permutation(len(rows))[:MAX_TEST_IMAGES])
        return rows.iloc[
            sample
        ], f"{MAX_TEST_IMAGES:,} of the {len(rows):,} test images, sampled at random."
    if len(rows) >= MIN_TEST_IMAGES or train.empty:
        return rows, ""
    sample = np.sort(generator.permutation(len(train))[: 2 * MIN_TEST_IMAGES - len(rows)])
    learnt = train.iloc[sample]
    captions = _captions(learnt, [", a training image"] * len(learnt))
    note = f"The small dots are {len(learnt):,} of the {len(train):,} training images."
    return pd.concat([rows, learnt.assign(kind="train", caption=captions)], ignore_index=True), note


def _captions(rows: pd.DataFrame, more: Sequence[str]) -> pd.Series:
    """Return file name, label and the text `more` for each row."""
    captions = [
        f"{short(PurePath(path).name, NAME)}: {label}{rest}"
        for path, label, rest in zip(rows["path"], rows["label"], more, strict=True)
    ]
    # Objects, since pandas may keep `str` as UTF-8, and not every name is.
    return pd.Series(captions, rows.index, dtype=object)


def _tile(path: str, config: Config) -> np.ndarray | None:
    try:
        data = config.data
        return decode(
            path,
            TILE,
            resize="crop",
            max_pixels=data.max_pixels,
            value_range=data.value_range or None,
        )
    except DataError:
        return None


def _placed(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return `points` `(images, 2)` in units of the drawing, wider than high, and its height."""
    low, high = points.min(axis=0), points.max(axis=0)
    if (high - low)[1] > (high - low)[0]:
        points, low, high = points[:, ::-1], low[::-1], high[::-1]
    spread = np.maximum(high - low, 1e-6)
    scale = (WIDTH - 2 * MARGIN) / spread[0]
    return (points - low) * scale + MARGIN, float(spread[1] * scale + 2 * MARGIN)


def _coloured(labels: pd.Series) -> tuple[np.ndarray, tuple[tuple[str, int], ...]]:
    """Return the colour of each image, and the legend with the number of images per colour."""
    counts = sorted(Counter(labels).items(), key=lambda pair: (-pair[1], pair[0]))
    own = counts if len(counts) <= COLOURS + 1 else counts[:COLOURS]
    numbers = {name: number for number, (name, _) in enumerate(own)}
    rest = len(labels) - sum(count for _, count in own)
    legend = [*own, *([(f"{len(counts) - COLOURS} others", rest)] if rest else [])]
    return np.array([numbers.get(label, COLOURS) for label in labels]), tuple(legend)


def _pictured(rows: pd.DataFrame, *, seed: int) -> np.ndarray:
    """Return the indices of the images whose thumbnails are on the page; wrong ones first."""
    if len(rows) <= MAX_PICTURES:
        return np.arange(len(rows))
    order = np.random.default_rng(seed).permutation(len(rows))
    later = (rows["kind"] != "wrong").to_numpy()[order]
    return np.sort(order[np.argsort(later, kind="stable")][:MAX_PICTURES])


def _sheet(tiles: Sequence[np.ndarray], columns: int) -> str:
    """Return all `tiles` as one JPEG, which saves the headers of a thousand files."""
    lines = -(-len(tiles) // columns)
    sheet = np.zeros((lines, columns, TILE, TILE, 3), np.uint8)
    for number, tile in enumerate(tiles):
        sheet[divmod(number, columns)] = tile
    whole = Image.fromarray(sheet.swapaxes(1, 2).reshape(lines * TILE, columns * TILE, 3))
    for quality in QUALITIES:
        uri = picture_uri(whole, quality)
        if len(uri) < MAX_CHARACTERS:
            return uri
    return ""
