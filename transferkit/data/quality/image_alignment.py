"""Alignment of two small pictures, one of them perhaps a little cropped or brightened.

One is laid over the other by shifting and stretching it along both axes until they differ least:
Lucas and Kanade's method (1981, "An iterative image registration technique with an application to
stereo vision"), on pictures of the same mean and contrast, many pairs at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# The dihedral group: rows and columns exchanged, then top and bottom, then left and right.
ORIENTATIONS = tuple((bool(number & 4), bool(number & 2), bool(number & 1)) for number in range(8))

IDENTITY_WARP = (1.0, 0.0, 1.0, 0.0)  # stretch and shift along x, then along y, in half pictures
PARTS = 6  # along a side
MIN_PARTS_SHARE = 8 / 36  # with any detail: one edge of anything is like another
MIN_COVERED = 0.95  # of a part's pixels, in both
MIN_CONTRAST = 3.0  # grey values: less is noise
MIN_RELATIVE_CONTRAST = 0.15  # of that of the strongest part: the same in a vivid picture
MIN_EDGE_SHARE = 0.88  # of the variance: an even slope has 0.75, noise 0.64
MAX_MOVE = 0.25  # of stretch and shift: larger crops are not searched
EDGE_TOLERANCE = 0.05  # pixels: a picture that is not moved covers all
DAMPING = 1e-3  # share of the mean curvature: without any detail, a picture does not move
MIN_VARIANCE = 1e-3  # grey values squared


class Agreement(NamedTuple):
    """Agreement of pictures in small parts, `(pairs,)` each.

    Attributes:
        mean: the mean correlation over the parts; -1 where fewer than `MIN_PARTS_SHARE` of them
            have any detail.
        tenth: the tenth percentile of the correlations of the parts.
        rich: number of parts with more detail than the edge between two even areas.
    """

    mean: np.ndarray
    tenth: np.ndarray
    rich: np.ndarray


def agreement(
    first: np.ndarray, second: np.ndarray, where: np.ndarray, *, parts: int = PARTS
) -> Agreement:
    """Return the agreement of `(pairs, side, side)` float32 in `parts` × `parts`, within `where`.

    A plane (shading, an edge out of focus) is subtracted from each part: look-alikes have it in
    common.
    """
    seen = _parts(where.astype(np.float32), parts).mean(axis=2) > MIN_COVERED
    first, second = _parts(first, parts), _parts(second, parts)
    plain = _is_edge(first) | _is_edge(second)
    first, second = _detail(first), _detail(second)
    contrasts = np.sqrt((first**2).mean(axis=2)), np.sqrt((second**2).mean(axis=2))
    correlation = (first * second).mean(axis=2) / np.maximum(
        contrasts[0] * contrasts[1], MIN_VARIANCE
    )
    strong = np.where(seen, np.maximum(*contrasts), 0)
    counts = strong > np.maximum(
        MIN_CONTRAST, strong.max(axis=1, keepdims=True) * MIN_RELATIVE_CONTRAST
    )
    correlation = np.where(counts, correlation, np.nan)
    correlation[counts.sum(axis=1) < MIN_PARTS_SHARE * parts**2] = -1
    tenth = np.nanquantile(correlation, 0.1, axis=1)
    return Agreement(np.nanmean(correlation, axis=1), tenth, (counts & ~plain).sum(axis=1))


def fineness(pictures: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` the change of `(pairs, side, side)` from pixel to pixel, by contrast."""
    inner = pictures[:, 1:-1, 1:-1]
    beside = pictures[:, :-2, 1:-1] + pictures[:, 2:, 1:-1]
    beside = beside + pictures[:, 1:-1, :-2] + pictures[:, 1:-1, 2:]
    return (inner - beside / 4).std(axis=(1, 2)) / (pictures.std(axis=(1, 2)) + MIN_VARIANCE)


def isotropy(pictures: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` 0..1: the change along the direction of least change, by that of most.

    It is the ratio of the eigenvalues of the structure tensor: near 0 for stripes.
    """
    along_x, along_y = np.gradient(pictures, axis=2), np.gradient(pictures, axis=1)
    across = (along_x**2).mean(axis=(1, 2)), (along_y**2).mean(axis=(1, 2))
    mixed = (along_x * along_y).mean(axis=(1, 2))
    centre, half = (across[0] + across[1]) / 2, (across[0] - across[1]) / 2
    spread = np.hypot(half, mixed)
    return (centre - spread) / np.maximum(centre + spread, MIN_VARIANCE)


def _parts(pictures: np.ndarray, count: int) -> np.ndarray:
    """`(pairs, count * count, pixels)` of `(pairs, side, side)`."""
    pairs, side, _ = pictures.shape
    size = side // count
    parts = pictures.reshape(pairs, count, size, count, size).transpose(0, 1, 3, 2, 4)
    return parts.reshape(pairs, count * count, size * size)


def _is_edge(parts: np.ndarray) -> np.ndarray:
    """Return `(pairs, parts)` bool: where nearly all of the variance is between light and dark."""
    middle = (parts.min(axis=2, keepdims=True) + parts.max(axis=2, keepdims=True)) / 2
    light = parts > middle
    share = light.mean(axis=2)
    high = (parts * light).mean(axis=2) / np.maximum(share, 1e-6)
    low = (parts * ~light).mean(axis=2) / np.maximum(1 - share, 1e-6)
    between = share * (1 - share) * (high - low) ** 2
    return between > MIN_EDGE_SHARE * parts.var(axis=2)


def _detail(parts: np.ndarray) -> np.ndarray:
    """Return `parts`, with the best plane subtracted from each."""
    size = round(parts.shape[2] ** 0.5)
    down, right = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].reshape(2, -1)
    planes, _ = np.linalg.qr(np.stack([np.ones(size * size), down, right], axis=1))
    planes = planes.astype(np.float32)
    return parts - (parts @ planes) @ planes.T


def align(
    moved: np.ndarray, still: np.ndarray, warps: np.ndarray, *, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay each of `moved` over its `still`, both `(pairs, side, side)` float32, of any two sides.

    `warps` are `(pairs, 4)`, the initial ones. Returns the better ones, `moved` warped by them, and
    `(pairs, side, side)` bool, where it covers `still`.
    """
    side = still.shape[1]
    initial = warps
    x = np.linspace(-1, 1, side, dtype=np.float32) * (1 - 1 / side)  # centres of pixels
    for _ in range(steps):
        laid, covers = _warp_pictures(moved, warps, side)
        along_x, along_y = np.gradient(laid, axis=2), np.gradient(laid, axis=1)
        goal, scale = _standardized(still, covers), _contrast(laid, covers)
        missing = goal - _standardized(laid, covers)
        slopes = np.stack([along_x * x, along_x, along_y * x[:, None], along_y], axis=1)
        stretched = warps[:, [0, 0, 2, 2]] * scale[:, None]  # a stretched slope is less steep
        slopes *= covers[:, None] * (side / 2) / stretched[..., None, None]
        slopes = slopes.reshape(len(moved), 4, side * side)
        curvature = slopes @ slopes.transpose(0, 2, 1)
        damping = DAMPING * np.trace(curvature, axis1=1, axis2=2) / 4 + MIN_VARIANCE
        curvature += damping[:, None, None] * np.eye(4, dtype=np.float32)
        pull = slopes @ missing.reshape(len(moved), side * side, 1)
        warps = warps + np.linalg.solve(curvature, pull)[..., 0]
        warps = np.clip(warps, initial - MAX_MOVE, initial + MAX_MOVE)
        warps = warps.astype(np.float32)
    return warps, *_warp_pictures(moved, warps, side)


def correlations(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` -1..1, the correlation of `(pairs, side, side)` within `where`."""
    covered = np.maximum(where.sum(axis=(1, 2)), 1)
    return (_standardized(first, where) * _standardized(second, where)).sum(axis=(1, 2)) / covered


def _standardized(pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return `pictures` with mean 0 and variance 1 within `where`, and 0 elsewhere."""
    covered = np.maximum(where.sum(axis=(1, 2), keepdims=True), 1)
    centred = (pictures - (pictures * where).sum(axis=(1, 2), keepdims=True) / covered) * where
    variance = (centred**2).sum(axis=(1, 2), keepdims=True) / covered
    return centred / np.sqrt(variance + MIN_VARIANCE)


def _contrast(pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return `(pairs,)` the standard deviation within `where`."""
    covered = np.maximum(where.sum(axis=(1, 2)), 1)
    means = (pictures * where).sum(axis=(1, 2)) / covered
    squares = (pictures**2 * where).sum(axis=(1, 2)) / covered
    return np.sqrt(np.maximum(squares - means**2, MIN_VARIANCE))


def _warp_pictures(
    pictures: np.ndarray, warps: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return `pictures` warped to `side` by linear interpolation, and their mask."""
    down, rows_in, row_shares = _positions(pictures.shape[1], warps[:, 2:], side)
    right, columns_in, column_shares = _positions(pictures.shape[1], warps[:, :2], side)
    index = np.arange(len(pictures))[:, None]
    upper, lower = pictures[index, down], pictures[index, down + 1]
    pictures = upper + (lower - upper) * row_shares[..., None]
    left = np.take_along_axis(pictures, right[:, None], axis=2)
    pictures = (
        left
        + (np.take_along_axis(pictures, right[:, None] + 1, axis=2) - left)
        * (column_shares[:, None])
    )
    return pictures, rows_in[..., None] & columns_in[:, None]


def _positions(
    pixels: int, warps: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, `(pairs, side)` each: the pixel before each position, whether it is in the picture,
    and the share of the next pixel."""
    positions = np.linspace(-1, 1, side, dtype=np.float32) * (1 - 1 / side)  # centres of pixels
    positions = positions * warps[:, :1] + warps[:, 1:]
    positions = (positions + 1) * (pixels / 2) - 0.5
    inside = (positions > -0.5 - EDGE_TOLERANCE) & (positions < pixels - 0.5 + EDGE_TOLERANCE)
    positions = positions.clip(0, pixels - 1)
    before = np.minimum(positions.astype(int), pixels - 2)
    return before, inside, positions - before


def oriented(pictures: np.ndarray, orientations: np.ndarray) -> np.ndarray:
    """Return `(pictures, side, side)`, each in its own of `ORIENTATIONS`, `(pictures,)` indices."""
    result = np.empty_like(pictures)
    for number, (exchanged, flipped, mirrored) in enumerate(ORIENTATIONS):
        rows = orientations == number
        selected = pictures[rows]
        selected = selected.transpose(0, 2, 1) if exchanged else selected
        result[rows] = selected[:, :: -1 if flipped else 1, :: -1 if mirrored else 1]
    return result


def orders(side: int) -> np.ndarray:
    """Return `(8, side * side)` int: the pixel that each one in each orientation comes from."""
    pixels = np.arange(side * side).reshape(1, side, side)
    every = np.repeat(pixels, len(ORIENTATIONS), axis=0)
    return oriented(every, np.arange(len(ORIENTATIONS))).reshape(len(ORIENTATIONS), -1)
