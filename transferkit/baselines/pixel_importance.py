"""Importance of pixels for a baseline on pixels, as a heat map."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

from transferkit.baselines.baseline import Baseline
from transferkit.baselines.image_features import IMAGE_SIZES, ImageFeatures

BLOCKS = 8  # along each side: 64 blocks of 4 × 4 pixels
REPEATS = 2  # times that each block is exchanged among the images
MAX_IMAGES = 200  # that are predicted again and again
MAX_SECONDS = 10.0  # for that
MIN_PROBABILITY = 1e-6  # lower ones count as this: one image should not outweigh all


@dataclass(frozen=True, eq=False)
class PixelImportance:
    """Importance of each pixel, over all images.

    Attributes:
        values: `(side, side)` float32, of sum 1; 0 where the classifier does not look.
        how: impurity, the gain of the trees' splits on that pixel (Breiman, 2001); or permutation,
            the loss in log likelihood where its block is exchanged for that of other images.
    """

    values: np.ndarray
    how: Literal["impurity", "permutation"]


def pixel_importance(
    baseline: Baseline,
    paths: Sequence[str],
    labels: np.ndarray,
    *,
    max_seconds: float = MAX_SECONDS,
) -> PixelImportance | None:
    """Return the pixels that matter to `baseline`; None if it is not on pixels, or too slow.

    Trees have importances of their own, from the training images. Any other classifier predicts
    the held-out images `paths`; `labels` `(images,)` are their class indices. None as well where
    that would take more than `max_seconds`.

    Raises:
        DataError: one of the images cannot be read.
    """
    features = baseline.pipeline[0]
    if not isinstance(features, ImageFeatures) or features.kind != "pixels":
        return None
    own = getattr(baseline.pipeline[-1], "feature_importances_", None)
    if own is not None:
        image_size = IMAGE_SIZES["pixels"]
        return _as_shares(
            np.asarray(own).reshape(image_size, image_size, -1).sum(axis=2), "impurity"
        )
    if not len(paths):
        return None
    sample = np.random.default_rng(0).permutation(len(paths))[:MAX_IMAGES]
    values = features.transform([paths[index] for index in sample])
    return _permuted(baseline.pipeline[-1], values, np.asarray(labels)[sample], max_seconds)


def _permuted(
    classifier: Any, values: np.ndarray, labels: np.ndarray, max_seconds: float
) -> PixelImportance | None:
    """Permute blocks of pixels: a single pixel matters little, since its neighbours are alike."""
    classifier.predict_proba(values[:1])  # the first call starts threads
    started = time.perf_counter()
    classifier.predict_proba(values)
    if (time.perf_counter() - started) * REPEATS * BLOCKS**2 > max_seconds:
        return None
    exchanged = permutation_importance(
        _ByBlocks(classifier, values),
        np.tile(np.arange(len(values))[:, None], BLOCKS**2),
        labels,
        scoring=_log_likelihood,
        n_repeats=REPEATS,
        random_state=0,
    )
    losses = np.maximum(exchanged.importances_mean, 0).reshape(BLOCKS, BLOCKS)
    times = IMAGE_SIZES["pixels"] // BLOCKS
    return _as_shares(np.kron(losses, np.ones((times, times))), "permutation")


class _ByBlocks(ClassifierMixin, BaseEstimator):
    """A fitted classifier of `values` whose columns are blocks: each holds row indices.

    An image is assembled from the blocks of the images with these indices, so that permuting a
    column exchanges a block of pixels.
    """

    def __init__(self, classifier: Any, values: np.ndarray) -> None:
        self.classifier = classifier
        self.values = values

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> _ByBlocks:
        """Do nothing; scikit-learn requires the method."""
        return self

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """`(images, classes)`: the probabilities of the images that `rows` describe."""
        times = IMAGE_SIZES["pixels"] // BLOCKS
        blocks = self.values.reshape(len(self.values), BLOCKS, times, BLOCKS, -1)
        blocks = blocks.transpose(1, 3, 0, 2, 4)  # (row, column, images, pixels, pixels × channels)
        mixed = np.empty_like(blocks)
        for block in np.ndindex(BLOCKS, BLOCKS):
            mixed[block] = blocks[block][rows[:, block[0] * BLOCKS + block[1]]]
        whole = mixed.transpose(2, 0, 3, 1, 4).reshape(self.values.shape)
        return self.classifier.predict_proba(whole)

    @property
    def classes_(self) -> np.ndarray:
        return self.classifier.classes_

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _log_likelihood(blocks: _ByBlocks, rows: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean log probability of the true class, which is finer than accuracy."""
    probabilities = blocks.predict_proba(rows)
    of_label = (probabilities * (labels[:, None] == blocks.classes_)).sum(axis=1)
    return float(np.log(np.maximum(of_label, MIN_PROBABILITY)).mean())


def _as_shares(
    values: np.ndarray, how: Literal["impurity", "permutation"]
) -> PixelImportance | None:
    total = values.sum()
    return PixelImportance((values / total).astype(np.float32), how) if total > 0 else None
