"""Batches of cached activations: per epoch, each image as it is or as one of its views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from transferkit.data.loading.tf_dataset import generated_batches
from transferkit.features.cache.table import MappedFeatures
from transferkit.training.dataset import SplitData

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


class ActivationBatches:
    """Batches of (activations `(batch, width)` float32, targets, weights) of the images of `part`.

    `versions` are the activations of its images, in order: plain, and then those of each view. With
    a `seed` the order and the version of each image are random in every epoch; without one, all
    is as given, and plain. With `blend`, each image of a batch is blended with the one before it,
    and so are targets and weights (manifold mixup: Verma et al., ICML 2019, arXiv:1806.05236); the
    share, one for a batch, is drawn from Beta(blend, blend).
    """

    def __init__(
        self,
        versions: Sequence[MappedFeatures],
        part: SplitData,
        *,
        seed: int | None = None,
        blend: float = 0.0,
    ) -> None:
        self.versions, self.part, self.blend = versions, part, blend
        # One for each epoch: its draws are the same, however far ahead another is read.
        self.seeds = None if seed is None else np.random.SeedSequence(seed)

    def batches(self) -> Any:
        """Return a `tf.data.Dataset` of the batches, for `state`."""
        widths = self.versions[0].shape[1], self.part.targets.shape[1], None
        return generated_batches(self.epoch, widths, steps=self.part.steps)

    def epoch(self) -> Iterator[Batch]:
        """Return the batches of the next epoch."""
        images, size = len(self.part), self.part.batch_size
        order, version, source = np.arange(images), np.zeros(images, int), None
        if self.seeds is not None:
            source = np.random.default_rng(self.seeds.spawn(1)[0])
            order = source.permutation(images)
            version = source.integers(len(self.versions), size=images)
        for first in range(0, images, size):
            indices = order[first : first + size]
            batch = self._batch(indices, version[indices])
            if source is not None and self.blend:
                share = np.float32(source.beta(self.blend, self.blend))
                batch = _blended(batch, share)
            yield batch

    def _batch(self, indices: np.ndarray, version: np.ndarray) -> Batch:
        values = np.empty((len(indices), self.versions[0].shape[1]), np.float32)
        for number in np.unique(version):
            chosen = version == number
            values[chosen] = self.versions[number].read(indices[chosen])
        return values, self.part.targets[indices], self.part.weights[indices]


def _blended(batch: Batch, share: np.float32) -> Batch:
    """Return mixup of each image with the one before it, in the given `share`."""
    values, targets, weights = (
        share * array + (1 - share) * np.roll(array, 1, axis=0) for array in batch
    )
    return values, targets, weights
