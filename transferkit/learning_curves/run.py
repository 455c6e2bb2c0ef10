"""Learning curves: accuracy of classifiers trained on subsets of growing size."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferkit.baselines.catalog import DEFAULT_BASELINES, MAJORITY
from transferkit.baselines.fit import FITTED_ON
from transferkit.config.settings import Config
from transferkit.errors import ConfigError, DataError
from transferkit.learning_curves.curve import CurveLine
from transferkit.learning_curves.doubling import Correctness
from transferkit.learning_curves.learners import PROBED, CurveLearner, Examples, learners
from transferkit.learning_curves.subsets import draw_subset, subset_sizes
from transferkit.learning_curves.summary import LearningCurveSummary
from transferkit.runtime.progress import log

if TYPE_CHECKING:
    from transferkit.data.manifest import Manifest

DRAWS = 5
MAX_FULLY_DRAWN = (
    200  # images from which a size has fewer draws than are asked for; they differ less, too
)
MIN_DRAWS = 2  # draws of a size
# The probe is the logistic regression on the backbone's features, and the majority learns nothing.
CURVE_BASELINES = tuple(name for name in DEFAULT_BASELINES if name not in (MAJORITY.name, PROBED))


def learning_curve(
    manifest: Manifest,
    config: Config = Config(),
    *,
    baselines: Sequence[str] = CURVE_BASELINES,
    draws: int = DRAWS,
) -> LearningCurveSummary:
    """Return the accuracy of a linear probe and the `baselines` by number of training images.

    Each is trained on 1, 2, 5, 10 ... images per class, in `draws` random subsets that are the same
    for all (fewer for the largest sizes, but at least two), and once on all training and validation
    images. Each is tuned anew, as `fit_baseline` does. All are scored on the same test images, and
    every image is read once for all sizes. The probe is the head on the frozen backbone; there is
    none if its weights are random.

    Raises:
        ConfigError: no baseline has that name, or there is nothing to draw a curve of.
        DataError: there is nothing to learn from or to test on, or an image cannot be read.
        WeightsError: the backbone's weights are not available.
    """
    chosen = learners(manifest.settled(config), baselines)
    if not chosen:
        raise ConfigError(
            "There is no classifier to draw a curve of: give a backbone with weights, or a "
            "baseline such as random_forest_hog."
        )
    learn = pd.concat([manifest.part(split) for split in FITTED_ON], ignore_index=True)
    test = manifest.part("test")
    _require_images(manifest, learn, test)
    labels, test_labels = manifest.label_indices(learn), manifest.label_indices(test)
    training_sets = _training_sets(labels, list(learn["group"]), draws, seed=config.seed)
    read = _read(chosen, [*learn["path"], *test["path"]])
    experiment = LearningCurveRun(
        read, labels, list(learn["group"]), test_labels, len(manifest.classes), config.seed
    )
    right = [experiment.marks(chosen, sets) for sets in training_sets]
    images = np.array([_images(sets) for sets in training_sets])
    lines = [
        CurveLine.of(
            learner.name,
            learner.kind,
            learner.title,
            marks=Correctness(
                images / experiment.classes,
                [correct[index] for correct in right],
                list(test["group"]),
            ),
            seed=config.seed,
        )
        for index, learner in enumerate(chosen)
    ]
    return LearningCurveSummary(
        source=manifest.source,
        classes=manifest.classes,
        images=images,
        test_images=len(test),
        draws=np.array([len(sets) for sets in training_sets]),
        lines=tuple(lines),
        majority_share=float(np.bincount(test_labels).max() / len(test_labels)),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class LearningCurveRun:
    """Training images and the test images that all classifiers are scored on.

    Attributes:
        features: by kind, `(images, width)`, training images first.
        labels: `(training images,)` class indices.
        groups: group names of the training images.
        test_labels: `(test images,)` class indices.
        classes: number of classes.
    """

    features: Mapping[str, np.ndarray]
    labels: np.ndarray
    groups: list[str]
    test_labels: np.ndarray
    classes: int
    seed: int

    def marks(self, chosen: Sequence[CurveLearner], sets: Sequence[np.ndarray]) -> np.ndarray:
        """Return the correctness `(learners, sets, test images)` after training on each set."""
        started = time.perf_counter()
        correct = np.array([[self._right(learner, rows) for rows in sets] for learner in chosen])
        means = correct.mean(axis=(1, 2))
        shares = [f"{learner.name} {mean:.1%}" for learner, mean in zip(chosen, means, strict=True)]
        seconds = time.perf_counter() - started
        size = _images(sets) / self.classes
        log(f"{size:,.0f} images per class: {', '.join(shares)}; {seconds:.1f} s")
        return correct

    def _right(self, learner: CurveLearner, rows: np.ndarray) -> np.ndarray:
        values = self.features[learner.kind_of_features]
        examples = Examples(
            values=values[rows],
            labels=self.labels[rows],
            groups=[self.groups[row] for row in rows],
            classes=self.classes,
            seed=self.seed,
        )
        answer = learner.fit(examples)
        return np.asarray(answer(values[len(self.labels) :]) == self.test_labels)


def _training_sets(
    labels: np.ndarray, groups: Sequence[str], draws: int, *, seed: int
) -> list[list[np.ndarray]]:
    """Return the training rows of each draw, by size; at the end all rows, once.

    Groups can make sets of two sizes the same: the larger is left out.
    """
    by_size: list[list[np.ndarray]] = []
    for size in subset_sizes(labels):
        number = _draws_of(int(np.minimum(np.bincount(labels), size).sum()), draws)
        sets = [draw_subset(labels, groups, size, seed=(seed, draw)) for draw in range(number)]
        if not by_size or _images(sets) > _images(by_size[-1]):
            by_size.append(sets)
    return [*by_size, [np.arange(len(labels))]]


def _draws_of(images: int, draws: int) -> int:
    """Return how many of `draws` are made for a size with so many images."""
    return max(min(draws, draws * MAX_FULLY_DRAWN // images), min(draws, MIN_DRAWS))


def _images(sets: Sequence[np.ndarray]) -> float:
    """Return the mean number of images in `sets`."""
    return float(np.mean([len(rows) for rows in sets]))


def _read(chosen: Sequence[CurveLearner], paths: list[str]) -> dict[str, np.ndarray]:
    """Return the features of all images, by their kind; each kind is read once."""
    features: dict[str, np.ndarray] = {}
    for learner in chosen:
        if learner.kind_of_features not in features:
            read = None if learner.features is None else learner.features.read(paths).values
            features[learner.kind_of_features] = np.empty((len(paths), 0)) if read is None else read
    return features


def _require_images(manifest: Manifest, learn: pd.DataFrame, test: pd.DataFrame) -> None:
    if learn.empty:
        raise DataError(f"{manifest.source!r} has no training image for a learning curve.")
    labels = learn["label"].unique()
    if len(labels) < 2:
        raise DataError(
            f"All {len(learn)} training images of {manifest.source!r} are of the class "
            f"{labels[0]!r}: there should be at least two classes for a learning curve."
        )
    if test.empty:
        raise DataError(
            f"{manifest.source!r} has no test image to score classifiers on: "
            "mark some as test, or leave the split out and one is made."
        )
