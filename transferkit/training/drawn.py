"""Batches of kept activations: each image as it is, or as one of its views, drawn in each epoch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from transferkit.training.mapped import Mapped
from transferkit.training.material import Part


class Drawn(keras.utils.PyDataset):
    """Batches of (activations `(batch, width)` float32, targets, weights) of the images of `part`.

    `versions` are the activations of its images, in order: plain, and then those of each view. With
    a `seed` the order and the version of each image are drawn anew in every epoch; without one, all
    is as given, and plain. With `blend`, each image of a batch is blended with the one before it,
    and so are targets and weights (manifold mixup: Verma et al., ICML 2019, arXiv:1806.05236); the
    share, one for a batch, is drawn from Beta(blend, blend).
    """

    def __init__(
        self,
        versions: Sequence[Mapped],
        part: Part,
        *,
        seed: int | None = None,
        blend: float = 0.0,
    ) -> None:
        super().__init__()
        self.versions, self.part, self.blend = versions, part, blend
        self.order = np.arange(len(part))
        self.version = np.zeros(len(part), int)
        self.source = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return self.part.steps

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places = self.order[step * self.part.batch : (step + 1) * self.part.batch]
        values = np.empty((len(places), self.versions[0].shape[1]), np.float32)
        for number in np.unique(self.version[places]):
            chosen = self.version[places] == number
            values[chosen] = self.versions[number].read(places[chosen])
        batch = values, self.part.targets[places], self.part.weights[places]
        if self.source is None or not self.blend:
            return batch
        share = np.float32(self.source.beta(self.blend, self.blend))
        first, second, third = (_blended(each, share) for each in batch)
        return first, second, third

    def on_epoch_end(self) -> None:
        """Draw for the next epoch."""
        if self.source is not None:
            self.order = self.source.permutation(len(self.part))
            self.version = self.source.integers(len(self.versions), size=len(self.part))


def _blended(values: np.ndarray, share: np.float32) -> np.ndarray:
    """`share` of each row, and of the one before it the rest."""
    return share * values + (1 - share) * np.roll(values, 1, axis=0)
