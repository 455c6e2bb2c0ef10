"""Changes between frames of a fixed camera: where a part of the scene differs, not the whole light.

Two frames of a gauge agree in nearly all of their parts. A copy differs from its original a little
everywhere (compression), or by one factor (brightness); a needle that moved differs by far more
than the rest of the frame, and only where it is and was.
"""

from __future__ import annotations

import numpy as np

CELL = 3  # pixels along a cell, of 96: a thirtieth of the picture
NOISE = 4.0  # grey values that compression and noise change in a cell
BLUR = 0.5  # pixels that edges may move or be out of focus
CHANGED, BESIDE = 4.0, 2.0  # times what noise and blur explain: of the worst cell, and two more
SAME_LIGHT = 0.1  # gain: a brightened copy is no frame of one camera, and may be clipped anywhere
TRIMMED = 2.5  # standard deviations: what differs more is not the light
ROUNDS = 3


def changed_in_part(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`(pairs,)` bool, of `(pairs, side, side)` of 0..255 that are laid over each other.

    `where` says which pixels count. Pairs in another light are never said to be changed.
    """
    gain, expected = _in_the_light_of(one, other, where)
    slopes = np.minimum(_slopes(expected), _slopes(other))
    differences = np.abs(_cells((other - expected) * where))
    explained = NOISE + BLUR * _cells(slopes)
    whole = _cells(where.astype(np.float32)) > 1 - 1 / CELL**2
    excess = np.where(whole, differences / explained, 0)
    excess = excess.reshape(len(one), excess.shape[1] * excess.shape[2])
    worst = np.partition(excess, (-3, -1), axis=1)
    changed = (worst[:, -1] >= CHANGED) & (worst[:, -3] >= BESIDE)
    return changed & (np.abs(gain - 1) <= SAME_LIGHT)


def _in_the_light_of(
    one: np.ndarray, other: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`(pairs,)` gain, and `one` with the gain and offset that bring most of it to `other`."""
    weights = where.astype(np.float32)
    for _ in range(ROUNDS):
        total = np.maximum(weights.sum(axis=(1, 2), keepdims=True), 1)
        centre, goal = (
            (weights * pixels).sum(axis=(1, 2), keepdims=True) / total for pixels in (one, other)
        )
        together = (weights * (one - centre) * (other - goal)).sum(axis=(1, 2), keepdims=True)
        variance = (weights * (one - centre) ** 2).sum(axis=(1, 2), keepdims=True)
        gain = together / np.maximum(variance, 1)
        expected = (gain * (one - centre) + goal).clip(0, 255)
        missing = other - expected
        spread = np.sqrt((weights * missing**2).sum(axis=(1, 2), keepdims=True) / total)
        weights = where * (np.abs(missing) < TRIMMED * spread + 2).astype(np.float32)
    return gain[:, 0, 0], expected


def _slopes(pictures: np.ndarray) -> np.ndarray:
    """Grey values a pixel, of `(pairs, side, side)`."""
    return np.hypot(np.gradient(pictures, axis=1), np.gradient(pictures, axis=2))


def _cells(pictures: np.ndarray) -> np.ndarray:
    """Means of cells of `CELL` pixels, of `(pairs, side, side)`."""
    pairs, image_size, _ = pictures.shape
    count = image_size // CELL
    return pictures.reshape(pairs, count, CELL, count, CELL).mean(axis=(2, 4))
