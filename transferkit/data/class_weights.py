"""Class weights, by which classes of unequal size count the same in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.config.settings import TrainConfig
from transferkit.data.manifest import Manifest

MIN_IMBALANCE = 1.5  # largest class by smallest, from which class weights are worth their noise


def class_weights(
    manifest: Manifest, train: TrainConfig, splits: Sequence[str] = ("train",)
) -> np.ndarray | None:
    """Return `(classes,)` weights with a mean of 1 over the images of `splits`.

    None where the setting is off or the classes of the training images are about even, whatever
    the `splits`: of one manifest, every classifier gets weights or none does.
    """
    counts = manifest.counts()
    if not _are_uneven(counts["train"].to_numpy(), train):
        return None
    return _balanced(counts[list(splits)].sum(axis=1).to_numpy())


def image_weights(labels: np.ndarray, train: TrainConfig) -> np.ndarray | None:
    """Return `(images,)` weights of training images with the class indices `labels`, likewise."""
    counts = np.bincount(labels)
    return _balanced(counts)[labels] if _are_uneven(counts, train) else None


def _are_uneven(counts: np.ndarray, train: TrainConfig) -> bool:
    present = counts[counts > 0]
    return train.class_weights == "auto" and bool(
        len(present) and present.max() > MIN_IMBALANCE * present.min()
    )


def _balanced(counts: np.ndarray) -> np.ndarray:
    """Return `(classes,)` weights for classes of so many images; 0 for a class without any."""
    share = counts.sum() / max(np.count_nonzero(counts), 1)
    return np.where(counts > 0, share / np.maximum(counts, 1), 0.0)
