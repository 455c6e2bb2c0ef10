"""The eight ways in which a square picture can be mirrored and turned: the dihedral group."""

from __future__ import annotations

import numpy as np

# Rows and columns exchanged, then top and bottom, then left and right.
ORIENTATIONS = tuple((bool(number & 4), bool(number & 2), bool(number & 1)) for number in range(8))


def oriented(pictures: np.ndarray, orientations: np.ndarray) -> np.ndarray:
    """Each of `(pictures, side, side)` in its own of `ORIENTATIONS`, `(pictures,)` numbers."""
    result = np.empty_like(pictures)
    for number, (exchanged, flipped, mirrored) in enumerate(ORIENTATIONS):
        rows = orientations == number
        some = pictures[rows]
        some = some.transpose(0, 2, 1) if exchanged else some
        result[rows] = some[:, :: -1 if flipped else 1, :: -1 if mirrored else 1]
    return result


def orders(image_size: int) -> np.ndarray:
    """`(8, side * side)` int: where each pixel of a picture in each orientation comes from."""
    pixels = np.arange(image_size * image_size).reshape(1, image_size, image_size)
    every = np.repeat(pixels, len(ORIENTATIONS), axis=0)
    return oriented(every, np.arange(len(ORIENTATIONS))).reshape(len(ORIENTATIONS), -1)
