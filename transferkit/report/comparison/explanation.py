"""Explained test images: Grad-CAM, and the most similar training images.

The places are those of Grad-CAM, for the class that was answered. The likeness is that of the
frozen backbone's features, which are cached since the head was fitted: of a fine-tuned network they
are not its own, which would have to be computed for every training image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import pandas as pd
from PIL import Image

from transferkit.config.settings import Config, DataConfig
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import DataError, TransferkitError
from transferkit.evaluation.neighbours import nearest
from transferkit.evaluation.results import Result
from transferkit.report.comparison.cached_backbone import BackboneView, backbone_view
from transferkit.report.html.pictures import picture_as_seen
from transferkit.report.html.thumbnails import picture_uri

if TYPE_CHECKING:
    from transferkit.models.network import Network

MAX_IMAGES = 4  # images of each group
MAX_SIMILAR = 3  # training images beside each
EDGE, SMALL_EDGE = 224, 112  # pixels: the one to be enlarged
QUALITY = 72  # of the JPEGs
COLOURS = "inferno"  # even to the eye from dark to light, for all kinds of colour vision
MAX_OPACITY = 0.7  # of the colours, at the most telling place


@dataclasses.dataclass(frozen=True)
class SimilarImage:
    """A training image and its cosine similarity to the explained one, -1..1."""

    uri: str
    path: str
    label: str
    similarity: float


@dataclasses.dataclass(frozen=True)
class Explained:
    """A test image; `overlay` is its Grad-CAM for the class `predicted`.

    Attributes:
        picture, overlay: data URIs; `overlay` is empty for a model of another make.
        probability: of the predicted class, 0..1.
        like: training images, the most alike first.
    """

    picture: str
    overlay: str
    path: str
    label: str
    predicted: str
    probability: float
    like: tuple[SimilarImage, ...]

    @property
    def right(self) -> bool:
        """Whether the predicted class is the true one."""
        return self.label == self.predicted


@dataclasses.dataclass(frozen=True)
class ExplainedGroup:
    """A group of explained images."""

    title: str
    images: tuple[Explained, ...]


@dataclasses.dataclass(frozen=True)
class Explanations:
    """Content of the section; `like_by` is the backbone that finds similar images, or empty."""

    name: str
    groups: tuple[ExplainedGroup, ...]
    like_by: str


def explanations(
    network: Network,
    manifest: Manifest,
    result: Result,
    *,
    labels: np.ndarray,
    config: Config = Config(),
) -> Explanations | None:
    """Explain up to `MAX_IMAGES` correct, wrong, and confidently wrong test images of `result`.

    `labels` `(images,)` are class indices of the manifest's test images, `result` the predictions
    of `network`. Missing files are left out; None if nothing is left.
    """
    test, classes = manifest.part("test"), manifest.classes
    shown = [
        (title, index, picture)
        for title, indices in chosen(result, labels, seed=config.seed).items()
        for index, picture in islice(_readable(test, indices, network.data), MAX_IMAGES)
    ]
    if not shown:
        return None
    _, indices, pictures = zip(*shown, strict=True)
    rows = test.iloc[list(indices)].reset_index(drop=True)
    predicted = [classes[number] for number in result.predicted[list(indices)]]
    view = backbone_view(network, manifest, config)
    like = _like(rows, view)
    overlays = _overlays(network, list(rows["path"]), predicted, pictures)
    groups: dict[str, list[Explained]] = {}
    for at, (title, index, picture) in enumerate(shown):
        image = Explained(
            picture=picture_uri(picture, QUALITY),
            overlay=overlays[at],
            path=rows["path"][at],
            label=rows["label"][at],
            predicted=predicted[at],
            probability=float(result.probabilities[index].max()),
            like=like[at],
        )
        groups.setdefault(title, []).append(image)
    like_by = view.words if view is not None and any(like) else ""
    filled = tuple(ExplainedGroup(title, tuple(images)) for title, images in groups.items())
    return Explanations(network.name, filled, like_by)


def chosen(result: Result, labels: np.ndarray, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the row indices of each group, those to show first at the front; groups are disjoint.

    Confidently wrong images are ranked; those of the other groups are sampled.
    """
    generator = np.random.default_rng(seed)
    right = result.predicted == labels
    surest = np.argsort(-result.probabilities.max(axis=1), kind="stable")
    wrong = surest[~right[surest]]
    return {
        "Most confidently wrong": wrong[:MAX_IMAGES],
        "Wrong, sampled from the others": generator.permutation(wrong[MAX_IMAGES:]),
        "Correct, sampled from all": generator.permutation(np.flatnonzero(right)),
    }


def coloured(picture: Image.Image, heat: np.ndarray) -> Image.Image:
    """Return the RGB `picture` in grey, overlaid with `heat` `(rows, columns)` float32, 0..1."""
    sized = Image.fromarray(heat.astype(np.float32)).resize(picture.size, Image.Resampling.BILINEAR)
    values = np.asarray(sized)
    colours = matplotlib.colormaps[COLOURS](values)[..., :3] * 255
    share = MAX_OPACITY * np.sqrt(values)[..., None]
    grey = np.asarray(picture.convert("L"))[..., None]
    return Image.fromarray(np.rint(grey * (1 - share) + colours * share).astype(np.uint8))


def _readable(
    test: pd.DataFrame, indices: np.ndarray, data: DataConfig
) -> Iterator[tuple[int, Image.Image]]:
    for index in indices:
        try:
            yield int(index), picture_as_seen(test["path"][index], EDGE, data)
        except DataError:
            continue


def _overlays(
    network: Network,
    paths: Sequence[str],
    predicted: Sequence[str],
    pictures: Sequence[Image.Image],
) -> list[str]:
    """Return one data URI per picture; empty for a model that transferkit has not built."""
    from transferkit.models.grad_cam import grad_cam  # loads TensorFlow: seconds

    answers = np.array([network.classes.index(name) for name in predicted])
    try:
        images = read_images(paths, network.image_size, network.data)
        heats = grad_cam(network.model, images, answers)
    except TransferkitError:
        return [""] * len(paths)
    return [
        picture_uri(coloured(picture, heat), QUALITY)
        for picture, heat in zip(pictures, heats, strict=True)
    ]


def _like(rows: pd.DataFrame, view: BackboneView | None) -> list[tuple[SimilarImage, ...]]:
    """Return the training images most similar to each of `rows`; none without their features."""
    nothing: list[tuple[SimilarImage, ...]] = [()] * len(rows)
    if view is None:
        return nothing
    train = view.train
    training, features = view.features(list(train["path"])), view.features(list(rows["path"]))
    if training is None or features is None:
        return nothing
    numbers, similarity = nearest(features, training, MAX_SIMILAR)
    similar = []
    for indices, cosines in zip(numbers, similarity, strict=True):
        pairs = zip(indices, cosines, strict=True)
        made = [_like_one(train.iloc[index], float(cosine), view) for index, cosine in pairs]
        similar.append(tuple(image for image in made if image is not None))
    return similar


def _like_one(row: pd.Series, similarity: float, view: BackboneView) -> SimilarImage | None:
    try:
        picture = picture_as_seen(row["path"], SMALL_EDGE, view.config.data)
    except DataError:
        return None
    return SimilarImage(picture_uri(picture, QUALITY), row["path"], row["label"], similarity)
