"""Bootstrap of the test images (Efron, 1979), by group if there are groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

DRAWS = 2000
CHUNK_SIZE = 2_000_000  # random numbers at once: 16 MB


def units_of(images: int, groups: Sequence[str]) -> np.ndarray:
    """Return `(images,)` int64, the group of each image; one whose group is "" is alone.

    Units are numbered from 0.
    """
    names = np.asarray(groups if len(groups) else [""] * images, str)
    known, indices = np.unique(names, return_inverse=True)
    alone = names == ""
    indices[alone] = len(known) + np.arange(alone.sum())
    return np.unique(indices, return_inverse=True)[1]


def resampled_counts(units: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield `(some draws, units)` int64: how often each unit is in a bootstrap sample.

    All draws at once would not fit into memory where the units are many.
    """
    rng = np.random.default_rng(seed)
    for part in _parts(units, draws):
        indices = rng.integers(units, size=(part, units)) + np.arange(part)[:, None] * units
        yield np.bincount(indices.ravel(), minlength=part * units).reshape(part, units)


def random_signs(units: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield `(some draws, units)` float64 of 1 and -1."""
    rng = np.random.default_rng(seed)
    for part in _parts(units, draws):
        yield rng.integers(2, size=(part, units)) * 2.0 - 1


def resampled(
    images: int, groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """Return `(draws, images)` uint16, how often each image is in a bootstrap sample.

    Images of one group are resampled together, so that draws differ in their number of images; an
    image whose group is "" is resampled alone.
    """
    units = units_of(images, groups)
    parts = resampled_counts(int(units.max()) + 1, draws=draws, seed=seed)
    return np.concatenate([part.astype(np.uint16)[:, units] for part in parts])


def sums_by_unit(units: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return `(units, columns)` float64, the sums of `values` `(images, columns)`."""
    return np.stack([np.bincount(units, column) for column in values.T], axis=1)


def _parts(units: int, draws: int) -> list[int]:
    step = max(CHUNK_SIZE // units, 1)
    return [min(step, draws - done) for done in range(0, draws, step)]
