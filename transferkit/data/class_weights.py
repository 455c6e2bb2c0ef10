"""Class weights: whether classes of unequal size count the same while a classifier is fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.config.settings import TrainConfig
from transferkit.data.manifest import Manifest

UNEVEN = 1.5  # largest class over smallest, from which class weights are worth their noise


def class_weights(
    manifest: Manifest, train: TrainConfig, splits: Sequence[str] = ("train",)
) -> np.ndarray | None:
    """`(classes,)` weights with a mean of 1 over the images of `splits`, rarer classes heavier.

    None where the setting is off or the classes of the training images are about even, whatever
    the `splits`: of one manifest, every classifier is given weights or none is.
    """
    counts = manifest.counts()
    if not _are_uneven(counts["train"].to_numpy(), train):
        return None
    return _balanced(counts[list(splits)].sum(axis=1).to_numpy())


def image_weights(truth: np.ndarray, train: TrainConfig) -> np.ndarray | None:
    """`(images,)` weights of the training images `truth`, their class numbers, by the same rule."""
    counts = np.bincount(truth)
    return _balanced(counts)[truth] if _are_uneven(counts, train) else None


def _are_uneven(counts: np.ndarray, train: TrainConfig) -> bool:
    present = counts[counts > 0]
    return train.class_weights == "auto" and bool(
        len(present) and present.max() > UNEVEN * present.min()
    )


def _balanced(counts: np.ndarray) -> np.ndarray:
    """`(classes,)` weights under which classes of so many images count the same; 0 without any."""
    share = counts.sum() / max(np.count_nonzero(counts), 1)
    return np.where(counts > 0, share / np.maximum(counts, 1), 0.0)
