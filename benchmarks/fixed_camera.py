"""How many frames of a fixed camera, each of another content, are taken for near copies.

    python benchmarks/fixed_camera.py

Draws sets of 30 frames in two classes, as a camera on a stand takes them (noise and light of their
own), and prints for each set how many pairs are near copies, how many frames are grouped, and the
fewest images that a class has in a split: 0 would be a class that cannot be tested.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import transferkit as tk
from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.near_duplicates import near_duplicates

FRAMES = 30
SIZE = (320, 240)  # pixels
Draw = np.random.Generator
Content = Callable[[ImageDraw.ImageDraw, Draw], None]


def main() -> None:
    """Draw, read, print."""
    print(f"{'content':<16}{'pairs':>7}{'grouped':>9}{'fewest':>8}")
    for name, content in CONTENTS.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            draw_frames(folder, content, np.random.default_rng(0))
            paths = [str(path) for path in sorted(folder.rglob("*.jpg"))]
            most = tk.DataConfig().max_pixels
            pairs = near_duplicates(inspect_files(paths, most, sketched=True), most)
            manifest = tk.Manifest.read(folder)
            grouped = (manifest.usable["group"] != "").sum()
            fewest = manifest.counts().to_numpy().min()
            print(f"{name:<16}{len(pairs):>7}{grouped:>9}{fewest:>8}")


def draw_frames(folder: Path, content: Content, draw: Draw) -> None:
    """`folder` with frames of one scene, a class for every other."""
    cells = Image.fromarray(draw.integers(60, 200, (20, 20, 3), dtype=np.uint8))
    wall = np.asarray(cells.resize(SIZE, Image.Resampling.BICUBIC), float)
    wall += draw.integers(-8, 8, wall.shape)  # grain of the wall, the same in each frame
    for number in range(FRAMES):
        light = draw.integers(-10, 11)
        pixels = wall + draw.normal(0, 3, wall.shape) + light
        frame = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        content(ImageDraw.Draw(frame), draw)
        place = folder / ("one", "two")[number % 2]
        place.mkdir(exist_ok=True)
        frame.save(place / f"{number:02}.jpg", quality=90)


def gauge(width: int, length: int) -> Content:
    """A needle of so many pixels, before a dial."""

    def drawn(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
        radius = length + 8
        box = (160 - radius, 120 - radius, 160 + radius, 120 + radius)
        pen.ellipse(box, fill="white", outline="black", width=3)
        angle = draw.uniform(np.pi, 2 * np.pi)
        tip = 160 + length * np.cos(angle), 120 + length * np.sin(angle)
        pen.line((160, 120, *tip), fill="red", width=width)

    return drawn


def meter(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
    """Five digits on black."""
    pen.rectangle((90, 90, 230, 150), fill="black")
    digits = f"{draw.integers(10**5):05}"
    pen.text((100, 98), digits, fill="white", font=ImageFont.load_default(40))


def level(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
    """A liquid in a glass."""
    pen.rectangle((140, 40, 180, 220), fill="white", outline="black", width=2)
    pen.rectangle((142, int(draw.integers(60, 200)), 178, 218), fill="brown")


def form(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
    """A number in three boxes of a printed page."""
    pen.rectangle((0, 0, *SIZE), fill=(245, 245, 245))
    for top in range(8, 230, 22):
        pen.text((12, top), "name of the field and its unit", fill="black")
    for top in (30, 100, 170):
        pen.rectangle((190, top, 310, top + 24), fill="white", outline="black")
        digits = f"{draw.integers(10**7, 10**8)}"
        pen.text((196, top + 3), digits, fill="navy", font=ImageFont.load_default(16))


def thing(image_size: int) -> Content:
    """A black disc of so many pixels, anywhere."""

    def drawn(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
        left, top = int(draw.integers(20, 280)), int(draw.integers(20, 200))
        pen.ellipse((left, top, left + image_size, top + image_size), fill="black")

    return drawn


def nothing(pen: ImageDraw.ImageDraw, draw: Draw) -> None:
    """The scene alone: all frames are near copies."""


CONTENTS: dict[str, Content] = {
    "thin needle": gauge(3, 45),
    "needle": gauge(6, 80),
    "thick needle": gauge(10, 80),
    "meter": meter,
    "level": level,
    "form": form,
    "thing": thing(24),
    "small thing": thing(10),
    "nothing": nothing,
}


if __name__ == "__main__":
    main()
