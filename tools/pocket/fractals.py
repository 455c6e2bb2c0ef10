"""Fractals of iterated functions: ferns, dusts, coral."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Fractal = Callable[[np.ndarray, np.random.Generator, np.ndarray], None]
"""Draws itself into `(height, width, 3)` float32, somewhere, in the colours of a palette."""

WALKERS, STEPS, BURN = 300, 40, 10  # points that are moved at once; moves; the first are not drawn


def random_fractal(rng: np.random.Generator) -> Fractal:
    """A system of two to seven affine maps, and its colours.

    The maps are drawn by their singular values, so that they contract but not to a point
    (Anderson and Farrell, Improving Fractal Pre-training, WACV 2022).
    """
    maps, moves = _random_maps(rng)
    chance = abs(np.linalg.det(maps)) + 0.03
    by_density = rng.random() < 0.35

    def draw(picture: np.ndarray, rng: np.random.Generator, palette: np.ndarray) -> None:
        points, shades = _walk(rng, maps, moves, chance / chance.sum())
        image_size = len(picture)
        turn, size = rng.uniform(0, math.tau), rng.uniform(0.15, 0.42) * image_size
        middle = rng.uniform(0.2, 0.8, 2) * image_size
        points = points - points.mean(axis=0)
        spread = math.sqrt((points**2).sum(axis=1).mean()) + 1e-6
        cosine, sine = math.cos(turn), math.sin(turn)
        turned = points @ np.array([[cosine, -sine], [sine, cosine]]) * (size / spread / 1.3)
        place = np.floor(turned + middle).astype(int)
        inside = ((place >= 0) & (place < image_size)).all(axis=1)
        cell = place[inside] @ np.array([1, image_size])
        hits = np.bincount(cell, minlength=image_size * image_size)
        hit = hits > 0
        mean = np.bincount(cell, shades[inside], image_size * image_size)[hit] / hits[hit]
        value = np.minimum(1, 0.3 * np.log1p(hits[hit])) if by_density else mean
        colour = palette[(value * (len(palette) - 0.01)).astype(np.uint8)]
        cover = np.minimum(1, 0.5 + 0.2 * hits[hit])[:, None]
        flat = picture.reshape(-1, 3)
        flat[hit] += (cover * (colour - flat[hit])).astype(np.float32)

    return draw


def _random_maps(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the affine maps: `(maps, 2, 2)` factors and `(maps, 2)` offsets."""
    count = int(rng.integers(2, 8))
    turns = rng.uniform(0, math.tau, (2, count))
    first, second = (_rotation(angle) for angle in turns)
    large = np.clip(rng.random(count) * rng.uniform(0.9, 1.6), 0.15, 0.92)
    small = large * rng.uniform(0.15, 1, count) * rng.choice([-1, 1], count)
    stretch = np.zeros((count, 2, 2))
    stretch[:, 0, 0], stretch[:, 1, 1] = large, small
    return first @ stretch @ second, rng.uniform(-1, 1, (count, 2))


def _rotation(angles: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)


def _walk(
    rng: np.random.Generator, maps: np.ndarray, moves: np.ndarray, chance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The chaos game: `(points, 2)` and a shade 0..1 for each, of the maps that led to it."""
    chosen = rng.choice(len(maps), size=(STEPS, WALKERS), p=chance)
    points, shade = np.zeros((WALKERS, 2)), np.zeros(WALKERS)
    found, shades = [], []
    for step, which in enumerate(chosen):
        points = np.einsum("wij,wj->wi", maps[which], points) + moves[which]
        shade = 0.5 * shade + 0.5 * which / (len(maps) - 1)
        if step >= BURN:
            found.append(points)
            shades.append(shade)
    return np.concatenate(found), np.concatenate(shades)
