"""Sample of patches: which photograph is this small grey square from?

Patches of `temple` and `flower` may be passed on with the names of the photographers: see
`transferkit.data.samples.photographs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from transferkit.data.samples.digits import write_sample
from transferkit.data.samples.photographs import PHOTOGRAPHS, photograph

PATCH_SIZE = 48  # pixels: a photograph gives about a hundred
MAX_PHOTO_SIZE = 700  # pixels: a larger photograph is halved, so that a patch shows more than blur
MEAN, CONTRAST = 128, 32  # of each patch, grey values: mean and standard deviation
MIN_CONTRAST = 6  # grey values: less is sky, or noise
ROUNDS = 20  # clipping takes some contrast, and less in each round
REGION = 2  # patches along each side of a square that goes to one split as a whole
# By twice the region's row plus its column, so that each split is all over the photograph.
REGION_SPLITS = ("train", "train", "validation", "train", "test")


def write_patches(folder: str | Path) -> Path:
    """Write the patches as `folder/SPLIT/CLASS/RR-CC.png`, 48 × 48 px grey, for three splits.

    RR and CC are the row and column in a grid over the photograph, so that no two patches share a
    pixel; squares of 2 × 2 patches go to train, validation or test as a whole. Flat patches are
    left out. Each patch has the same mean and contrast, so that it is known by its content, not by
    its brightness. A folder that holds the very same sample already is left as it is.

    Returns:
        The folder.

    Raises:
        DataError: the folder holds something else, or cannot be written.
    """
    pictures = {
        f"{_split(row, column)}/{label}/{row:02}-{column:02}.png": Image.fromarray(patch)
        for label in PHOTOGRAPHS
        for row, column, patch in _patches(_grey(label))
    }
    return write_sample(folder, pictures, name=f"{len(pictures):,} patches")


def _grey(name: str) -> np.ndarray:
    """Return `(height, width)` uint8 of 0..255, not larger than `MAX_PHOTO_SIZE` by much."""
    grey = photograph(name).convert("L")
    return np.asarray(grey if max(grey.size) <= MAX_PHOTO_SIZE else grey.reduce(2))


def _patches(photograph: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield `(row, column, patch)` of the grid for each patch that is not flat."""
    rows, columns = (length // PATCH_SIZE for length in photograph.shape)
    for row, column in np.ndindex(rows, columns):
        down, right = row * PATCH_SIZE, column * PATCH_SIZE
        patch = photograph[down : down + PATCH_SIZE, right : right + PATCH_SIZE]
        if patch.std() >= MIN_CONTRAST:
            yield row, column, _even(patch)


def _even(patch: np.ndarray) -> np.ndarray:
    """Return `patch` with the common mean and contrast: uint8 of 0..255."""
    values = patch.astype(np.float64)
    for _ in range(ROUNDS):
        values = MEAN + (values - values.mean()) * (CONTRAST / values.std())
        values = values.clip(0, 255)
    return np.rint(values).astype(np.uint8)


def _split(row: int, column: int) -> str:
    return REGION_SPLITS[(2 * (row // REGION) + column // REGION) % len(REGION_SPLITS)]
