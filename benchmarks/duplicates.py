"""How many near copies are found among images, how many that are none, and what that costs.

    python benchmarks/duplicates.py DIR
    python benchmarks/duplicates.py DIR --planted 120 --montage pairs.png

Links to the images of DIR go into a temporary folder, with so many changed copies of some of them,
drawn from the seed, in the folders of their classes; without DIR the images are squares of the
photographs that come with scikit-image. Prints how many of each kind are found, the
pairs that are found among the images themselves (to be looked at: --montage draws them), and
seconds of processor time of checking the files with and without.

rescaled      to 0.4 to 0.8 of the sides
recompressed  as JPEG of quality 30 to 60
cropped       2 to 5 % less on each side
brightened    by 15 to 30 %
all           cropped, rescaled, brightened and recompressed
mirrored      left to right
turned_90     by so many degrees, as turned_180 and turned_270
cropped_8     by so many per cent on each side, as cropped_17
turned_crop   cropped by 17 % and turned by 90 degrees
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

import transferkit as tk
from transferkit.data.decoding.decode import decode
from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.near_duplicates import near_duplicates
from transferkit.data.sources.folder.image_folder import scan_folder

CELL, SHOWN = 160, 60  # pixels along a picture on the montage, and pairs on it at most
CUT = 128  # pixels along a square where no folder is given
PHOTOGRAPHS = ("astronaut", "brick", "chelsea", "coffee", "grass", "gravel", "retina", "rocket")
MOST_PIXELS = tk.DataConfig().max_pixels
Result = TypeVar("Result")
Draw = np.random.Generator
Turn = Image.Transpose
Change = Callable[[Image.Image, Draw], Image.Image]


def main() -> None:
    """Plant, search, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; squares of photographs if not given")
    parser.add_argument("--planted", type=int, default=120, help="near copies")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--montage", help="a PNG file for the pairs among the images themselves")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        if asked.folder:
            link(Path(asked.folder), folder)
        else:
            cut(folder)
        planted = plant(folder, asked.planted, np.random.default_rng(asked.seed))
        paths = [path for path, _, _ in scan_folder(folder).rows]
        inspect_files(paths, MOST_PIXELS)  # fills the system's cache of files
        usual, _ = spent(lambda: inspect_files(paths, MOST_PIXELS))
        checked, files = spent(lambda: inspect_files(paths, MOST_PIXELS, sketched=True))
        searched, pairs = spent(lambda: near_duplicates(files, MOST_PIXELS))
        named = {frozenset(os.path.relpath(paths[row], folder) for row in pair) for pair in pairs}
        print_found(planted, named)
        own = sorted(tuple(sorted(pair)) for pair in named if not pair & set(planted))
        print(f"\nPairs among the {len(paths) - len(planted):,} images themselves: {len(own)}")
        for one, other in own[:SHOWN]:
            print(f"  {one}  {other}")
        print(f"\nSeconds of processor time for {len(paths):,} files: checked {usual:.1f};")
        print(f"checked with what the search needs {checked:.1f}, and the search {searched:.1f}")
        if asked.montage:
            montage(folder, own[:SHOWN]).save(asked.montage)


def cut(folder: Path) -> None:
    """`folder` with squares of the photographs that come with scikit-image, a class for each."""
    import skimage.data

    for name in PHOTOGRAPHS:
        pixels = getattr(skimage.data, name)()
        (folder / name).mkdir(parents=True)
        for row, column in np.ndindex(pixels.shape[0] // CUT, pixels.shape[1] // CUT):
            square = pixels[row * CUT : (row + 1) * CUT, column * CUT : (column + 1) * CUT]
            Image.fromarray(square).save(folder / name / f"{row:02}-{column:02}.png")


def link(source: Path, folder: Path) -> None:
    """`folder` with a link to each file of `source`."""
    for path, _, _ in scan_folder(source).rows:
        place = folder / Path(path).absolute().relative_to(source.absolute())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(Path(path).absolute())


def plant(folder: Path, count: int, draw: Draw) -> dict[str, tuple[str, str]]:
    """Changed copies in `folder`: of each, its original and the kind of its change."""
    paths = [path for path, _, _ in scan_folder(folder).rows]
    files = inspect_files(paths, MOST_PIXELS)
    good = np.flatnonzero((files["problem"] == "") & ~files["digest"].duplicated(keep=False))
    planted = {}
    for number, row in enumerate(draw.choice(good, count, replace=False)):
        kind = list(CHANGES)[number % len(CHANGES)]
        original = Path(paths[row])
        with Image.open(original) as image:
            changed = CHANGES[kind](image.convert("RGB"), draw)
        quality = int(draw.integers(30, 61)) if kind in ("recompressed", "all") else 90
        place = original.with_name(f"planted-{number:03}-{kind}.jpg")
        changed.save(place, quality=quality)
        planted[os.path.relpath(place, folder)] = os.path.relpath(original, folder), kind
    return planted


def rescaled(image: Image.Image, draw: Draw) -> Image.Image:
    share = draw.uniform(0.4, 0.8)
    size = round(image.width * share), round(image.height * share)
    return image.resize(size, Image.Resampling.BICUBIC)


def cropped(image: Image.Image, draw: Draw) -> Image.Image:
    left, right = draw.uniform(0.02, 0.05, 2) * image.width
    top, bottom = draw.uniform(0.02, 0.05, 2) * image.height
    return image.crop((int(left), int(top), int(image.width - right), int(image.height - bottom)))


def brightened(image: Image.Image, draw: Draw) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(draw.uniform(1.15, 1.3))


def trimmed(image: Image.Image, share: float) -> Image.Image:
    left, top = round(share * image.width), round(share * image.height)
    return image.crop((left, top, image.width - left, image.height - top))


CHANGES: dict[str, Change] = {
    "rescaled": rescaled,
    "recompressed": lambda image, draw: image,
    "cropped": cropped,
    "brightened": brightened,
    "all": lambda image, draw: brightened(rescaled(cropped(image, draw), draw), draw),
    "mirrored": lambda image, draw: image.transpose(Turn.FLIP_LEFT_RIGHT),
    "turned_90": lambda image, draw: image.transpose(Turn.ROTATE_90),
    "turned_180": lambda image, draw: image.transpose(Turn.ROTATE_180),
    "turned_270": lambda image, draw: image.transpose(Turn.ROTATE_270),
    "cropped_8": lambda image, draw: trimmed(image, 0.08),
    "cropped_17": lambda image, draw: trimmed(image, 0.17),
    "turned_crop": lambda image, draw: trimmed(image, 0.17).transpose(Turn.ROTATE_90),
}


def print_found(planted: dict[str, tuple[str, str]], named: set[frozenset[str]]) -> None:
    """How many of each kind are found, and which are not."""
    found = {place for place, (original, _) in planted.items() if {place, original} in named}
    totals = Counter(kind for _, kind in planted.values())
    counts = Counter(planted[place][1] for place in found)
    print(f"Found {len(found)} of {len(planted)} near copies that were planted")
    for kind, total in totals.items():
        print(f"  {kind:<14}{counts[kind]:>3} of {total}")
    for place in sorted(planted.keys() - found):
        print(f"  not found: {place}  {planted[place][0]}")


def montage(folder: Path, pairs: list[tuple[str, ...]]) -> Image.Image:
    """The two pictures of each pair beside each other, five pairs in a row."""
    across, down = 2 * CELL + 16, CELL + 24
    sheet = Image.new("RGB", (5 * across, max(1, -(-len(pairs) // 5)) * down), "white")
    pen = ImageDraw.Draw(sheet)
    for number, pair in enumerate(pairs):
        left, top = number % 5 * across, number // 5 * down
        pen.text((left, top), " | ".join(Path(name).name[:24] for name in pair), fill="black")
        for column, name in enumerate(pair):
            picture = Image.fromarray(decode(folder / name, CELL))
            sheet.paste(picture, (left + column * CELL, top + 16))
    return sheet


def spent(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of processor time of `work`, in all threads, and what it returns."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


if __name__ == "__main__":
    main()
