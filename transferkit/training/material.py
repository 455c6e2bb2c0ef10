"""A manifest as what a network is fitted on: paths, one-hot targets and a weight for each image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.config import TrainConfig
from transferkit.data.manifest import Manifest

UNEVEN = 1.5  # largest class over smallest, from which class weights are worth their noise


@dataclass(frozen=True)
class Part:
    """Images of one split: `targets` `(images, classes)` float32, `weights` `(images,)` float32."""

    paths: list[str]
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.paths)


def read_part(manifest: Manifest, split: str, *, by_class: np.ndarray | None = None) -> Part:
    """The images of `split`; `by_class` `(classes,)` weighs each, 1 where it is not given."""
    rows = manifest.part(split)
    truth = manifest.truth(rows)
    targets = np.eye(len(manifest.classes), dtype=np.float32)[truth]
    weights = np.ones(len(rows)) if by_class is None else by_class[truth]
    return Part(rows["path"].tolist(), targets, weights.astype(np.float32))


def class_weights(manifest: Manifest, train: TrainConfig) -> np.ndarray | None:
    """`(classes,)` weights with a mean of 1 over the training images, rarer classes heavier.

    None where the setting is off or the classes are about even.
    """
    counts = manifest.counts()["train"].to_numpy().astype(float)
    present = counts[counts > 0]
    if train.class_weights == "off" or present.max() <= UNEVEN * present.min():
        return None
    return np.where(counts > 0, counts.sum() / (len(present) * np.maximum(counts, 1)), 0.0)
