"""Test images drawn anew from themselves, by group where there are: Efron's bootstrap (1979)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

DRAWS = 2000
CHUNK_SIZE = 2_000_000  # numbers that are drawn at once: 16 MB of them


def units_of(images: int, groups: Sequence[str]) -> np.ndarray:
    """`(images,)` int64, the unit with which each is drawn: its group, or its own where that is "".

    Units are numbered from 0.
    """
    names = np.asarray(groups if len(groups) else [""] * images, str)
    known, indices = np.unique(names, return_inverse=True)
    alone = names == ""
    indices[alone] = len(known) + np.arange(alone.sum())
    return np.unique(indices, return_inverse=True)[1]


def resampled_counts(units: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """`(some draws, units)` int64 at a time: how often each unit is drawn, of as many as there are.

    All draws at once would not fit into memory where the units are many.
    """
    rng = np.random.default_rng(seed)
    for part in _parts(units, draws):
        indices = rng.integers(units, size=(part, units)) + np.arange(part)[:, None] * units
        yield np.bincount(indices.ravel(), minlength=part * units).reshape(part, units)


def random_signs(units: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """`(some draws, units)` float64 at a time: 1 or -1."""
    rng = np.random.default_rng(seed)
    for part in _parts(units, draws):
        yield rng.integers(2, size=(part, units)) * 2.0 - 1


def resampled(
    images: int, groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """`(draws, images)` uint16, how often each image is drawn.

    Images of one group are drawn together, so that draws differ in how many images they have; an
    image whose group is "" is drawn alone.
    """
    units = units_of(images, groups)
    parts = resampled_counts(int(units.max()) + 1, draws=draws, seed=seed)
    return np.concatenate([part.astype(np.uint16)[:, units] for part in parts])


def sums_by_unit(units: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`(units, columns)` float64, the sums of `values` `(images, columns)`."""
    return np.stack([np.bincount(units, column) for column in values.T], axis=1)


def _parts(units: int, draws: int) -> list[int]:
    step = max(CHUNK_SIZE // units, 1)
    return [min(step, draws - done) for done in range(0, draws, step)]
