"""The pictures that the pocket backbone learns from: scenes drawn by formula, none photographed.

Overlapping things with texture, shading and outlines on textured ground, as in "dead leaves"
pictures (Lee, Mumford and Huang, Occlusion Models for Natural Images, IJCV 2001); and fractals
(`fractals.py`). Each picture is decided by its number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter

from tools.pocket.fractals import random_fractal
from tools.pocket.shapes import TURN, Shape, random_shape
from tools.pocket.textures import Texture, log_uniform, random_texture

SIDE = 96  # pixels: the native side of the backbone
SHADES = 64  # steps between the colours of a palette


@dataclass(frozen=True)
class Look:
    """Common properties of the things of a scene."""

    hue: float
    saturation: float
    spread: float
    """How far the hues of one palette lie apart, in turns."""
    shade: float
    """How much darker a thing is on the side away from the light, and at its edge."""
    outline: float
    """Pixels of a dark line around each thing."""
    opacity: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """A look for one scene."""
        return cls(
            hue=rng.random(),
            saturation=rng.uniform(0, 0.8),
            spread=rng.uniform(0.02, 0.35),
            shade=rng.uniform(-0.2, 1) * (rng.random() < 0.7),
            outline=rng.uniform(0.5, 2) * (rng.random() < 0.2),
            opacity=1.0 if rng.random() < 0.8 else rng.uniform(0.4, 1),
        )

    def elsewhere(self, rng: np.random.Generator) -> Look:
        """The same look in another hue: near, more often than not."""
        near = rng.random() < 0.6
        return replace(self, hue=self.hue + rng.uniform(-0.1, 0.1) if near else rng.random())


@dataclass(frozen=True)
class Thing:
    """A shape of one material."""

    shape: Shape
    texture: Texture
    palette: np.ndarray
    """`(SHADES, 3)` RGB 0..1."""

    @classmethod
    def draw(cls, rng: np.random.Generator, look: Look) -> Thing:
        """A thing that fits into a scene of that look."""
        return cls(random_shape(rng), random_texture(rng), random_palette(rng, look))


def draw_scene(number: int, image_size: int = SIDE) -> np.ndarray:
    """The picture of that number: `(height, width, 3)` uint8 RGB."""
    rng = np.random.default_rng([number, 1])
    look = Look.draw(rng)
    picture = _ground(rng, look, image_size)
    kind = rng.random()
    if kind < 0.42:
        _scatter(picture, rng, look, count=int(log_uniform(rng, 4, 70)))
        _place(picture, rng, look, count=int(rng.integers(0, 2)))
    elif kind < 0.77:
        _scatter(picture, rng, look, count=int(rng.integers(0, 6)))
        _place(picture, rng, look, count=int(rng.integers(1, 4)))
    elif kind < 0.92:
        _scatter(picture, rng, look, count=int(rng.integers(0, 8)))
        for _ in range(rng.integers(1, 4)):
            palette = random_palette(rng, look.elsewhere(rng))
            random_fractal(rng)(picture, rng, palette)
    return _photograph(picture, rng)


def random_palette(rng: np.random.Generator, look: Look) -> np.ndarray:
    """`(SHADES, 3)`: a ramp through four colours of neighbouring hues."""
    hue = look.hue + look.spread * rng.standard_normal(4)
    saturation = np.clip(look.saturation + 0.2 * rng.standard_normal(4), 0, 1)
    value = rng.uniform(0.08, 1, 4) ** 0.8
    # HSV to RGB: each channel is highest a third of the circle after the one before it
    wheel = abs((hue[:, None] + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    colours = value[:, None] * (1 - saturation[:, None] * (1 - np.clip(wheel, 0, 1)))
    place = np.linspace(0, 3, SHADES)
    ramp = [np.interp(place, range(4), channel) for channel in colours.T]
    return np.stack(ramp, axis=1).astype(np.float32)


def paint(
    picture: np.ndarray,
    thing: Thing,
    look: Look,
    *,
    at: tuple[float, float],
    radius: float,
    turn: float,
    light: tuple[float, float],
    rings: float = 0.0,
) -> None:
    """Paint `thing` over `picture`, `radius` pixels in size, its middle `at` (x, y)."""
    image_size = len(picture)
    reach = int(1.9 * radius) + 2
    left, top = (max(0, int(place) - reach) for place in at)
    right, bottom = (min(image_size, int(place) + reach + 1) for place in at)
    if left >= right or top >= bottom:
        return
    dx = (np.arange(left, right, dtype=np.float32) - at[0]) / radius
    dy = (np.arange(top, bottom, dtype=np.float32)[:, None] - at[1]) / radius
    cosine, sine = math.cos(turn), math.sin(turn)
    u, v = cosine * dx + sine * dy, cosine * dy - sine * dx
    depth = thing.shape(u, v)
    value = thing.texture(u * radius, v * radius)
    if rings:
        value = 0.5 * value + 0.25 + 0.25 * np.sin(TURN * rings * depth)
    brightness = 1 + 0.6 * look.shade * (light[0] * dx + light[1] * dy)
    brightness -= 0.35 * abs(look.shade) * (1 - np.clip(1.5 * depth, 0, 1))
    if look.outline:
        brightness = np.where(depth * radius < look.outline, 0.35 * brightness, brightness)
    cover = look.opacity * np.clip(0.7 * radius * depth + 0.5, 0, 1)  # a soft edge of a pixel
    colour = thing.palette[(value * (SHADES - 0.01)).astype(np.uint8)] * brightness[..., None]
    part = picture[top:bottom, left:right]
    part += cover[..., None] * (colour - part)


def _ground(rng: np.random.Generator, look: Look, image_size: int) -> np.ndarray:
    middle = np.arange(image_size, dtype=np.float32) - image_size / 2
    value = random_texture(rng)(middle[None], middle[:, None])
    return random_palette(rng, look)[(value * (SHADES - 0.01)).astype(np.uint8)]


def _light(rng: np.random.Generator) -> tuple[float, float]:
    return rng.uniform(-1, 1), rng.uniform(-1, 1)


def _scatter(picture: np.ndarray, rng: np.random.Generator, look: Look, *, count: int) -> None:
    """Things anywhere, many small ones and few large ones; in one scene of three all are alike."""
    image_size = len(picture)
    alike = Thing.draw(rng, look.elsewhere(rng)) if rng.random() < 0.35 else None
    smallest, largest, light = rng.uniform(2, 9), rng.uniform(12, 42), _light(rng)
    for _ in range(count):
        thing = alike or Thing.draw(rng, look.elsewhere(rng))
        radius = smallest / (1 - rng.random() * (1 - smallest / largest))
        at = (rng.uniform(0, image_size), rng.uniform(0, image_size))
        paint(picture, thing, look, at=at, radius=radius, turn=rng.uniform(0, TURN), light=light)


def _place(picture: np.ndarray, rng: np.random.Generator, look: Look, *, count: int) -> None:
    """A few large things with parts, most parts in pairs: eyes, wings, wheels."""
    image_size = len(picture)
    for _ in range(count):
        thing, light = Thing.draw(rng, replace(look, hue=rng.random())), _light(rng)
        radius = rng.uniform(16, 42) / math.sqrt(count)
        at = (rng.uniform(0.25, 0.75) * image_size, rng.uniform(0.25, 0.75) * image_size)
        turn, rings = rng.uniform(0, TURN), rng.uniform(1, 5) * (rng.random() < 0.25)
        paint(picture, thing, look, at=at, radius=radius, turn=turn, light=light, rings=rings)
        for _ in range(rng.integers(0, 4)):
            part, away = Thing.draw(rng, look), rng.uniform(0, 1) * radius
            angle, size = rng.uniform(0, TURN), radius * rng.uniform(0.15, 0.6)
            for sign in (1, -1) if rng.random() < 0.6 else (1,):
                tilt = turn + sign * angle
                place = (at[0] + away * math.cos(tilt), at[1] + away * math.sin(tilt))
                paint(picture, part, look, at=place, radius=size, turn=tilt, light=light)


def _photograph(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `picture` as by a camera: blur, uneven light, contrast, noise, gamma, grey."""
    if rng.random() < 0.35:
        picture = 0.5 * picture + 0.5 * uniform_filter(picture, (3, 3, 0), mode="nearest")
    if rng.random() < 0.4:
        across = np.linspace(-1, 1, picture.shape[1], dtype=np.float32)
        across_light, down_light = rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3)
        light = 1 + across_light * across + down_light * across[:, None]
        picture = picture * light[..., None]
    picture = (picture - 0.5) * rng.uniform(0.6, 1.15) + 0.5 + rng.uniform(-0.12, 0.12)
    if rng.random() < 0.5:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + rng.uniform(0, 0.03) * noise
    picture = np.clip(picture, 0, 1) ** math.exp(rng.uniform(-0.35, 0.35))
    if rng.random() < 0.08:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    return (picture * 255).astype(np.uint8)


def draw_labelled(number: int, label: int, image_size: int = SIDE) -> np.ndarray:
    """Draw the thing of `label`, among other things: `(height, width, 3)` uint8 RGB.

    The label decides a thing or a fractal, and its colours; `number` all the rest.
    """
    rng = np.random.default_rng([label, 2])
    look = Look.draw(rng)
    thing, fractal = Thing.draw(rng, look), random_fractal(rng)
    rng = np.random.default_rng([number, 3])
    look = Look.draw(rng)
    picture = _ground(rng, look, image_size)
    _scatter(picture, rng, look, count=int(log_uniform(rng, 1, 25)))
    if label % 2:
        fractal(picture, rng, thing.palette)
    else:
        at = (rng.uniform(0.3, 0.7) * image_size, rng.uniform(0.3, 0.7) * image_size)
        size, turn = log_uniform(rng, 16, 44), rng.uniform(-0.6, 0.6)
        paint(picture, thing, look, at=at, radius=size, turn=turn, light=_light(rng))
    _scatter(picture, rng, look, count=int(rng.integers(0, 3)))
    return _photograph(picture, rng)
