"""Whether two small pictures show the very same thing, one of them a little cropped or brightened.

The one is laid over the other by shifting and stretching it along both axes until they differ
least: Lucas and Kanade's method (1981, "An iterative image registration technique with an
application to stereo vision"), on pictures of the same mean and contrast, many pairs at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

UNMOVED = (1.0, 0.0, 1.0, 0.0)  # stretch and shift along x, then along y, in half pictures
PARTS = 6  # along a side
FEWEST = 8 / 36  # of them all: one edge of anything is like another
MOSTLY = 0.95  # of a part's pixels are seen in both
FAINT = 3.0  # grey values: less contrast is noise
WEAK = 0.15  # of the contrast of the strongest part: the same, of a picture that is all contrast
EDGE = 0.88  # of the variance: an even slope has 0.75, noise 0.64
MOST_MOVED = 0.25  # of stretch and shift: what is cropped more is not sought
EDGES = 0.05  # pixels: what is not moved covers all
DAMPING = 1e-3  # share of the mean curvature: where a picture does not say how far, it stays
FLAT = 1e-3  # grey values squared: less variance is none


class Agreement(NamedTuple):
    """How well pictures agree in small parts, `(pairs,)` each.

    Attributes:
        mean: the mean correlation over the parts; -1 where a share below `FEWEST` has any detail.
        least: the correlation that a tenth of the parts do not reach.
        rich: how many parts have more in them than the edge between two even areas.
    """

    mean: np.ndarray
    least: np.ndarray
    rich: np.ndarray


def agreement(
    one: np.ndarray, other: np.ndarray, where: np.ndarray, *, parts: int = PARTS
) -> Agreement:
    """How well `(pairs, side, side)` float32 agree in `parts` × `parts`, of the pixels `where`.

    What rises evenly across a part (shading, an edge out of focus) is taken off it: look-alikes
    have that in common.
    """
    seen = _parts(where.astype(np.float32), parts).mean(axis=2) > MOSTLY
    one, other = _parts(one, parts), _parts(other, parts)
    plain = _is_edge(one) | _is_edge(other)
    one, other = _detail(one), _detail(other)
    contrasts = np.sqrt((one**2).mean(axis=2)), np.sqrt((other**2).mean(axis=2))
    together = (one * other).mean(axis=2) / np.maximum(contrasts[0] * contrasts[1], FLAT)
    strong = np.where(seen, np.maximum(*contrasts), 0)
    counts = strong > np.maximum(FAINT, strong.max(axis=1, keepdims=True) * WEAK)
    together = np.where(counts, together, np.nan)
    together[counts.sum(axis=1) < FEWEST * parts**2] = -1
    least = np.nanquantile(together, 0.1, axis=1)
    return Agreement(np.nanmean(together, axis=1), least, (counts & ~plain).sum(axis=1))


def fineness(pictures: np.ndarray) -> np.ndarray:
    """`(pairs,)` how much `(pairs, side, side)` change from pixel to pixel, by their contrast."""
    inner = pictures[:, 1:-1, 1:-1]
    beside = pictures[:, :-2, 1:-1] + pictures[:, 2:, 1:-1]
    beside = beside + pictures[:, 1:-1, :-2] + pictures[:, 1:-1, 2:]
    return (inner - beside / 4).std(axis=(1, 2)) / (pictures.std(axis=(1, 2)) + FLAT)


def isotropy(pictures: np.ndarray) -> np.ndarray:
    """`(pairs,)` 0..1: how much pictures change along one direction as along that of most change.

    It is the ratio of the eigenvalues of the structure tensor: near 0 for stripes.
    """
    along_x, along_y = np.gradient(pictures, axis=2), np.gradient(pictures, axis=1)
    across = (along_x**2).mean(axis=(1, 2)), (along_y**2).mean(axis=(1, 2))
    mixed = (along_x * along_y).mean(axis=(1, 2))
    centre, half = (across[0] + across[1]) / 2, (across[0] - across[1]) / 2
    spread = np.hypot(half, mixed)
    return (centre - spread) / np.maximum(centre + spread, FLAT)


def _parts(pictures: np.ndarray, count: int) -> np.ndarray:
    """`(pairs, count * count, pixels)` of `(pairs, side, side)`."""
    pairs, image_size, _ = pictures.shape
    size = image_size // count
    parts = pictures.reshape(pairs, count, size, count, size).transpose(0, 1, 3, 2, 4)
    return parts.reshape(pairs, count * count, size * size)


def _is_edge(parts: np.ndarray) -> np.ndarray:
    """`(pairs, parts)` bool: whether nearly all of the variance is between light and dark."""
    middle = (parts.min(axis=2, keepdims=True) + parts.max(axis=2, keepdims=True)) / 2
    light = parts > middle
    share = light.mean(axis=2)
    high = (parts * light).mean(axis=2) / np.maximum(share, 1e-6)
    low = (parts * ~light).mean(axis=2) / np.maximum(1 - share, 1e-6)
    between = share * (1 - share) * (high - low) ** 2
    return between > EDGE * parts.var(axis=2)


def _detail(parts: np.ndarray) -> np.ndarray:
    """`parts` without what is a plane in each."""
    size = round(parts.shape[2] ** 0.5)
    down, right = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].reshape(2, -1)
    planes, _ = np.linalg.qr(np.stack([np.ones(size * size), down, right], axis=1))
    planes = planes.astype(np.float32)
    return parts - (parts @ planes) @ planes.T


def align(
    moved: np.ndarray, still: np.ndarray, warps: np.ndarray, *, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay each of `moved` over its `still`, both `(pairs, side, side)` float32, of any two sides.

    `warps` are `(pairs, 4)`, where to begin. Returns the better ones, `moved` laid over by them,
    and `(pairs, side, side)` bool, where it covers `still`.
    """
    image_size = still.shape[1]
    begun = warps
    x = np.linspace(-1, 1, image_size, dtype=np.float32) * (1 - 1 / image_size)  # centres of pixels
    for _ in range(steps):
        laid, covers = _laid_over(moved, warps, image_size)
        along_x, along_y = np.gradient(laid, axis=2), np.gradient(laid, axis=1)
        goal, scale = _evened(still, covers), _contrast(laid, covers)
        missing = goal - _evened(laid, covers)
        slopes = np.stack([along_x * x, along_x, along_y * x[:, None], along_y], axis=1)
        stretched = warps[:, [0, 0, 2, 2]] * scale[:, None]  # a stretched slope is less steep
        slopes *= covers[:, None] * (image_size / 2) / stretched[..., None, None]
        slopes = slopes.reshape(len(moved), 4, image_size * image_size)
        curvature = slopes @ slopes.transpose(0, 2, 1)
        damping = DAMPING * np.trace(curvature, axis1=1, axis2=2) / 4 + FLAT
        curvature += damping[:, None, None] * np.eye(4, dtype=np.float32)
        pull = slopes @ missing.reshape(len(moved), image_size * image_size, 1)
        warps = warps + np.linalg.solve(curvature, pull)[..., 0]
        warps = np.clip(warps, begun - MOST_MOVED, begun + MOST_MOVED)
        warps = warps.astype(np.float32)
    return warps, *_laid_over(moved, warps, image_size)


def correlations(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`(pairs,)` -1..1 of `(pairs, side, side)`, of the pixels `where` both are seen."""
    covered = np.maximum(where.sum(axis=(1, 2)), 1)
    return (_evened(one, where) * _evened(other, where)).sum(axis=(1, 2)) / covered


def _evened(pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`pictures` with mean 0 and variance 1 of the pixels `where`, and 0 elsewhere."""
    covered = np.maximum(where.sum(axis=(1, 2), keepdims=True), 1)
    centred = (pictures - (pictures * where).sum(axis=(1, 2), keepdims=True) / covered) * where
    variance = (centred**2).sum(axis=(1, 2), keepdims=True) / covered
    return centred / np.sqrt(variance + FLAT)


def _contrast(pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
    """`(pairs,)` standard deviation of the pixels `where`."""
    covered = np.maximum(where.sum(axis=(1, 2)), 1)
    means = (pictures * where).sum(axis=(1, 2)) / covered
    squares = (pictures**2 * where).sum(axis=(1, 2)) / covered
    return np.sqrt(np.maximum(squares - means**2, FLAT))


def _laid_over(
    pictures: np.ndarray, warps: np.ndarray, image_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """`pictures` stretched and shifted to `image_size`, by linear interpolation, and their mask."""
    down, rows_in, row_shares = _places(pictures.shape[1], warps[:, 2:], image_size)
    right, columns_in, column_shares = _places(pictures.shape[1], warps[:, :2], image_size)
    each = np.arange(len(pictures))[:, None]
    upper, lower = pictures[each, down], pictures[each, down + 1]
    pictures = upper + (lower - upper) * row_shares[..., None]
    left = np.take_along_axis(pictures, right[:, None], axis=2)
    pictures = (
        left
        + (np.take_along_axis(pictures, right[:, None] + 1, axis=2) - left)
        * (column_shares[:, None])
    )
    return pictures, rows_in[..., None] & columns_in[:, None]


def _places(
    pixels: int, warps: np.ndarray, image_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`(pairs, side)` each: the one of `pixels` before each place, whether it is in the picture,
    and the share of the next pixel."""
    places = np.linspace(-1, 1, image_size, dtype=np.float32) * (
        1 - 1 / image_size
    )  # centres of pixels
    places = places * warps[:, :1] + warps[:, 1:]
    places = (places + 1) * (pixels / 2) - 0.5
    inside = (places > -0.5 - EDGES) & (places < pixels - 0.5 + EDGES)
    places = places.clip(0, pixels - 1)
    before = np.minimum(places.astype(int), pixels - 2)
    return before, inside, places - before
