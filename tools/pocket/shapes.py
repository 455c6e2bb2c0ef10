"""Shapes by formula: how deep inside it a point lies."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes the coordinates of points, radii from the middle, and gives how deep they lie inside:
1 in the middle, 0 on the edge, negative outside."""

TURN = 2 * math.pi


def random_shape(rng: np.random.Generator) -> Shape:
    """One of the shapes below, its own parameters drawn, flattened at random."""
    make = KINDS[int(rng.choice(len(KINDS), p=SHARES))]
    drawn, flattening = make(rng), math.exp(rng.uniform(math.log(0.25), 0))
    return lambda u, v: drawn(u, v / flattening)


def ellipse(_: np.random.Generator) -> Shape:
    """A disc, which `random_shape` flattens."""
    return lambda u, v: 1 - np.hypot(u, v)


def bar(_: np.random.Generator) -> Shape:
    """A square, which `random_shape` makes a bar of."""
    return lambda u, v: 1 - np.maximum(abs(u), abs(v))


def polygon(rng: np.random.Generator) -> Shape:
    """A regular polygon, or a star of as many points."""
    corners = int(rng.integers(3, 9))
    half = math.pi / corners
    notch = rng.uniform(0.25, 0.8) if rng.random() < 0.4 else 0.0

    def depth(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = abs(np.arctan2(v, u) % (2 * half) - half)
        radius = math.cos(half) / np.cos(angle) * (1 - notch * (1 - angle / half))
        return 1 - np.hypot(u, v) / radius

    return depth


def contour(rng: np.random.Generator) -> Shape:
    """A closed line whose radius is a sum of waves: leaves, petals, blots.

    Kataoka et al., Replacing Labeled Real-image Datasets with Auto-generated Contours, CVPR 2022.
    """
    waves = np.arange(1, 7)
    size = rng.standard_normal(6) * 0.35 / (0.5 + 0.5 * waves) * (rng.random(6) < 0.6)
    if rng.random() < 0.3:  # petals
        size[rng.integers(6)] = rng.uniform(0.25, 0.6)
    phase, fold = rng.uniform(0, TURN, 6), int(rng.integers(1, 4))
    used = [(a, fold * int(n), p) for a, n, p in zip(size.tolist(), waves, phase.tolist()) if a]  # noqa: B905

    def depth(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = np.arctan2(v, u)
        radius = np.full(angle.shape, 1.0, np.float32)
        for amplitude, times, shift in used:
            radius += amplitude * np.cos(times * angle + shift)
        return 1 - np.hypot(u, v) / np.maximum(0.08, 0.75 * radius)

    return depth


def stroke(rng: np.random.Generator) -> Shape:
    """A line through a few points, as a pen draws it: glyphs, stems, wires."""
    points = rng.uniform(-0.85, 0.85, (int(rng.integers(3, 6)), 2))
    path = _smooth(points) if rng.random() < 0.7 else points
    pieces = list(zip(path[:-1].tolist(), np.diff(path, axis=0).tolist(), strict=True))
    wide = rng.uniform(0.05, 0.2)

    def depth(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        u, v = np.broadcast_arrays(u, v)
        nearest = np.full(u.shape, 9.0, np.float32)
        for (x, y), (dx, dy) in pieces:
            along = np.clip(((u - x) * dx + (v - y) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
            np.minimum(nearest, np.hypot(u - x - along * dx, v - y - along * dy), out=nearest)
        return 1 - nearest / wide

    return depth


def _smooth(points: np.ndarray) -> np.ndarray:
    """The curve of Bézier with these control points, in eight pieces."""
    share, degree = np.linspace(0, 1, 9), len(points) - 1
    weights = [
        math.comb(degree, k) * share**k * (1 - share) ** (degree - k) for k in range(degree + 1)
    ]
    return np.stack(weights, axis=1) @ points


KINDS = (ellipse, bar, polygon, contour, stroke)
SHARES = (0.18, 0.10, 0.18, 0.42, 0.12)
