"""Textures by formula: the shade of a surface at each of its points, 0..1."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates

Texture = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes the coordinates of points, pixels from the middle, and gives float32 shares 0..1."""

TURN = 2 * math.pi
TILE = 256  # pixels along each side of a tile of noise, which repeats without a seam
TILES = 64


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between `low` and `high`, each of its orders of magnitude as likely."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def random_texture(rng: np.random.Generator) -> Texture:
    """One of the textures below, its own parameters drawn, at a random angle."""
    make = KINDS[int(rng.choice(len(KINDS), p=SHARES))]
    drawn, angle = make(rng), rng.uniform(0, math.pi)
    cosine, sine = math.cos(angle), math.sin(angle)
    return lambda u, v: drawn(cosine * u + sine * v, cosine * v - sine * u)


def flat(_: np.random.Generator) -> Texture:
    """One shade."""
    return lambda u, v: np.full(np.broadcast_shapes(u.shape, v.shape), 0.5, np.float32)


def gradient(rng: np.random.Generator) -> Texture:
    """A shade that changes steadily in one direction."""
    length = log_uniform(rng, 20, 120)
    return lambda u, v: np.clip(0.5 + u / length + 0 * v, 0, 1)


def grating(rng: np.random.Generator) -> Texture:
    """Stripes, soft or with edges."""
    rate, phase = TURN * log_uniform(rng, 0.02, 0.35), rng.uniform(0, TURN)
    sharp, middle = rng.random() < 0.5, rng.random()

    def stripes(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        wave = 0.5 + 0.5 * np.sin(rate * u + phase + 0 * v)
        return _threshold(wave - middle, 14) if sharp else wave

    return stripes


def clouds(rng: np.random.Generator) -> Texture:
    """Noise of a power-law spectrum, as in most natural pictures, or cells."""
    return _noise(rng, log_uniform(rng, 0.25, 4))


def fibres(rng: np.random.Generator) -> Texture:
    """Noise that is drawn out in one direction: wood, hair, grass."""
    scale, stretch = log_uniform(rng, 0.4, 4), log_uniform(rng, 4, 14)
    noise = _noise(rng, scale)
    return lambda u, v: noise(u / stretch, v)


def marble(rng: np.random.Generator) -> Texture:
    """Stripes that noise has bent."""
    rate, bend = TURN * log_uniform(rng, 0.02, 0.25), rng.uniform(1, 14)
    noise = _noise(rng, log_uniform(rng, 0.25, 3))
    return lambda u, v: 0.5 + 0.5 * np.sin(rate * u + bend * noise(u, v))


def lattice(rng: np.random.Generator) -> Texture:
    """A chessboard, or a regular pattern of dots."""
    rate, checks = TURN * log_uniform(rng, 0.02, 0.25), rng.random() < 0.5
    size = 2 * rng.random()

    def pattern(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = np.sin(rate * u), np.sin(rate * v)
        return (a * b > 0).astype(np.float32) if checks else _threshold(a * a + b * b - size, 6)

    return pattern


def rosette(rng: np.random.Generator) -> Texture:
    """Rings, rays, or spirals around the middle."""
    rate, rays = TURN * log_uniform(rng, 0.02, 0.3), int(rng.integers(2, 12))
    rings, spokes = rng.random(2) < 0.65
    phase = rng.uniform(0, TURN)

    def pattern(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        wave = phase + rate * np.hypot(u, v) * (rings or not spokes)
        if spokes:
            wave = wave + rays * np.arctan2(v, u)
        return 0.5 + 0.5 * np.sin(wave)

    return pattern


def _noise(rng: np.random.Generator, scale: float) -> Texture:
    """A tile of noise, `scale` of its pixels to one of the picture."""
    tile, left, top = tiles()[rng.integers(TILES)], rng.uniform(0, TILE), rng.uniform(0, TILE)

    def sample(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        u, v = np.broadcast_arrays(scale * u + left, scale * v + top)
        return map_coordinates(tile, [v, u], order=1, mode="grid-wrap", prefilter=False)

    return sample


def _threshold(values: np.ndarray, steepness: float) -> np.ndarray:
    """0 below zero and 1 above it, with a soft edge."""
    return 0.5 + 0.5 * np.tanh(0.5 * steepness * values)


@lru_cache(maxsize=1)
def tiles() -> np.ndarray:
    """`(TILES, TILE, TILE)` float32: noise without seams, each shade of 0..1 equally often."""
    rng = np.random.default_rng(7)
    drawn = (_cells(rng) if k % 5 == 4 else _power_law(rng, k) for k in range(TILES))
    return np.stack([_even(noise) for noise in drawn])


def _power_law(rng: np.random.Generator, number: int) -> np.ndarray:
    """Gaussian noise whose amplitude falls as a power of the frequency; one in four in ridges."""
    across, down = np.fft.fftfreq(TILE), np.fft.fftfreq(TILE)[:, None]
    squeeze = rng.uniform(0.4, 1) if number % 3 == 0 else 1.0
    frequency = np.hypot(across * squeeze, down / squeeze)
    frequency[0, 0] = 1
    white = np.fft.fft2(rng.standard_normal((TILE, TILE)))
    noise = np.fft.ifft2(white / frequency ** rng.uniform(0.7, 2.2)).real
    return np.abs(noise - noise.mean()) if number % 4 == 1 else noise


def _cells(rng: np.random.Generator) -> np.ndarray:
    """The distance to the nearest of some points, or how much farther the second nearest is.

    Worley, A Cellular Texture Basis Function, SIGGRAPH 1996.
    """
    from scipy.spatial import cKDTree

    points = rng.uniform(0, TILE, (int(log_uniform(rng, 30, 600)), 2))
    grid = np.stack(np.meshgrid(*[np.arange(TILE)] * 2, indexing="ij"), axis=-1)
    distance, _ = cKDTree(points, boxsize=TILE).query(grid, k=2)
    return distance[..., 0] if rng.random() < 0.5 else distance[..., 1] - distance[..., 0]


def _even(values: np.ndarray) -> np.ndarray:
    """The rank of each value, as a share."""
    ranks = np.empty(values.size, np.float32)
    ranks[np.argsort(values, axis=None)] = np.linspace(0, 1, values.size, dtype=np.float32)
    return ranks.reshape(values.shape)


KINDS = (flat, gradient, grating, clouds, marble, lattice, rosette, fibres)
SHARES = (0.10, 0.14, 0.07, 0.36, 0.10, 0.05, 0.05, 0.13)  # noise most often, as in nature
