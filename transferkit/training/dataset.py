"""The images of a split for training: paths, one-hot targets and sample weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from transferkit.data.manifest import Manifest
from transferkit.runtime.progress import log
from transferkit.runtime.text import named
from transferkit.task import TASK


@dataclass(frozen=True)
class SplitData:
    """Images of one split: `targets` `(images, classes)` float32, `weights` `(images,)` float32.

    `batch_size` is how many of them go into a step.
    """

    paths: list[str]
    targets: np.ndarray
    weights: np.ndarray
    batch_size: int
    groups: list[str]
    """Images with the same name here hold together."""

    @property
    def labels(self) -> np.ndarray:
        """The class indices, `(images,)` int64."""
        return TASK.decide(self.targets)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return -(-len(self) // self.batch_size)

    def times(self, number: int) -> SplitData:
        """The same images `number` times, one complete list after the other."""
        return replace(
            self,
            paths=self.paths * number,
            targets=np.tile(self.targets, (number, 1)),
            weights=np.tile(self.weights, number),
            groups=self.groups * number,
        )

    @property
    def none(self) -> SplitData:
        """None of the images, of the same classes."""
        return replace(
            self, paths=[], targets=self.targets[:0], weights=self.weights[:0], groups=[]
        )

    def __len__(self) -> int:
        return len(self.paths)


def read_split(
    manifest: Manifest,
    *splits: str,
    batch_size: int = 32,
    by_class: np.ndarray | None = None,
    only: np.ndarray | None = None,
    replicas: int = 1,
) -> SplitData:
    """Return the images of `splits`; `by_class` `(classes,)` are class weights, 1 by default.

    `only` `(classes,)` bool leaves out those of the other classes.

    Images that `replicas` cannot share (three by two, say) are repeated, all as often, until they
    can: no mean over them changes.
    """
    rows = pd.concat([manifest.part(split) for split in splits], ignore_index=True)
    if only is not None:
        rows = rows[only[manifest.label_indices(rows)]]
    batch_size, times = max(batch_size, replicas), 1
    while len(rows) and not shared_batch(batch_size, len(rows) * times, replicas):
        times += 1
    rows = pd.concat([rows] * times, ignore_index=True)
    batch_size = shared_batch(batch_size, len(rows), replicas) or batch_size
    labels = manifest.label_indices(rows)
    targets = TASK.targets(labels, len(manifest.classes))
    weights = np.ones(len(rows)) if by_class is None else by_class[labels]
    groups = rows["group"].where(rows["group"] != "", rows["path"])  # one repeated is one
    paths = rows["path"].tolist()
    return SplitData(paths, targets, weights.astype(np.float32), batch_size, groups.tolist())


def read_validation(manifest: Manifest, batch_size: int, replicas: int) -> SplitData:
    """Return the validation images of the classes that have training images.

    One of another class has a loss that grows as the network gets surer: it would decide when
    training stops, which stage is kept, and the temperature.
    """
    learnable = learnable_classes(manifest)
    part = read_split(
        manifest, "validation", batch_size=batch_size, replicas=replicas, only=learnable
    )
    labels = manifest.label_indices(manifest.part("validation"))
    if left := int((~learnable[labels]).sum()):
        lost = [manifest.classes[number] for number in np.unique(labels[~learnable[labels]])]
        log(
            f"Note: {left:,} validation image{'s' * (left > 1)} of {named(lost)} cannot validate: "
            "no training image is of that class."
        )
    return part


def shared_batch(batch_size: int, images: int, replicas: int) -> int:
    """Return the largest batch size up to `batch_size` that `replicas` share evenly; 0 if none.

    Keras fails where they have unequal shares of the first batch, and TensorFlow's kernels where
    one has no image of the last.
    """
    sizes = range(min(batch_size, images) // replicas * replicas, 0, -replicas)
    return next((size for size in sizes if not 0 < images % size < replicas), 0)


def learnable_classes(manifest: Manifest) -> np.ndarray:
    """Return `(classes,)` bool, the classes with a training image."""
    return np.asarray(manifest.counts()["train"].to_numpy() > 0)
