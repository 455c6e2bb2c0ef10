"""Changes between frames of a fixed camera: a part of the scene differs, not the whole light.

Two frames of a gauge agree in nearly all of their parts. A copy differs from its original a little
everywhere (compression), or by one factor (brightness); a needle that moved differs by far more
than the rest of the frame, and only where it is and was.
"""

from __future__ import annotations

import numpy as np

CELL = 3  # pixels along a cell, of 96: a thirtieth of the picture
NOISE = 4.0  # grey values that compression and noise change in a cell
BLUR = 0.5  # pixels that edges may move or be out of focus
MIN_WORST, MIN_BESIDE = 4.0, 2.0  # times noise and blur: in the worst cell, and in two more
MAX_GAIN_CHANGE = 0.1  # a brightened copy is no frame of one camera, and may be clipped
TRIM_DEVIATIONS = 2.5  # standard deviations: pixels that differ more are not the light
ROUNDS = 3


def changed_in_part(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`(pairs,)` bool, of `(pairs, side, side)` of 0..255 that are laid over each other.

    `where` is a mask of the pixels that count. Pairs in another light are never changed.
    """
    gain, expected = _fit_light(first, second, where)
    slopes = np.minimum(_slopes(expected), _slopes(second))
    differences = np.abs(_cells((second - expected) * where))
    explained = NOISE + BLUR * _cells(slopes)
    whole = _cells(where.astype(np.float32)) > 1 - 1 / CELL**2
    excess = np.where(whole, differences / explained, 0)
    excess = excess.reshape(len(first), excess.shape[1] * excess.shape[2])
    worst = np.partition(excess, (-3, -1), axis=1)
    changed = (worst[:, -1] >= MIN_WORST) & (worst[:, -3] >= MIN_BESIDE)
    return changed & (np.abs(gain - 1) <= MAX_GAIN_CHANGE)


def _fit_light(
    first: np.ndarray, second: np.ndarray, where: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return `(pairs,)` gain, and `first` with the gain and offset that fit most of `second`."""
    weights = where.astype(np.float32)
    for _ in range(ROUNDS):
        total = np.maximum(weights.sum(axis=(1, 2), keepdims=True), 1)
        centre, goal = (
            (weights * pixels).sum(axis=(1, 2), keepdims=True) / total for pixels in (first, second)
        )
        together = (weights * (first - centre) * (second - goal)).sum(axis=(1, 2), keepdims=True)
        variance = (weights * (first - centre) ** 2).sum(axis=(1, 2), keepdims=True)
        gain = together / np.maximum(variance, 1)
        expected = (gain * (first - centre) + goal).clip(0, 255)
        missing = second - expected
        spread = np.sqrt((weights * missing**2).sum(axis=(1, 2), keepdims=True) / total)
        weights = where * (np.abs(missing) < TRIM_DEVIATIONS * spread + 2).astype(np.float32)
    return gain[:, 0, 0], expected


def _slopes(pictures: np.ndarray) -> np.ndarray:
    """Return the gradient of `(pairs, side, side)`, in grey values per pixel."""
    return np.hypot(np.gradient(pictures, axis=1), np.gradient(pictures, axis=2))


def _cells(pictures: np.ndarray) -> np.ndarray:
    """Return the means of cells of `CELL` pixels, of `(pairs, side, side)`."""
    pairs, side, _ = pictures.shape
    count = side // CELL
    return pictures.reshape(pairs, count, CELL, count, CELL).mean(axis=(2, 4))
