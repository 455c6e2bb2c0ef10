"""How often a shift or groups are claimed where there are none, and found where there are some.

    python benchmarks/false_alarms.py
    python benchmarks/false_alarms.py DIR --tests 100

First, in how many of the tests `transferkit look` would say that test images can be told from
training images, by plain statistics of the pictures: where the split is random, and where the test
images are changed besides (a quarter of the tests each). The images are drawn films, 300 digits and
300 patches, and 300 of DIR where it is given, all as JPEG. Then, by schemes of file names: in how
many of the tests groups are proposed where the names are shuffled over the images, and in how many
just the films where each frame of a film has its name. The more of a frame is its own, the less
alike are those of one film.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance

import transferkit as tk
from transferkit.data.quality.file_info import inspect_files
from transferkit.data.quality.image_statistics import (
    appearance_features,
    picture_statistics,
    read_thumbnails,
)
from transferkit.data.quality.sequences import find_sequences
from transferkit.data.quality.split_shift import split_shift, statistics_probe
from transferkit.data.splits import split_groups
from transferkit.runtime.progress import log

TESTS, FEWER = 40, 4  # where nothing is to be found, and how many times fewer where something is
IMAGES, FILMS, CLASSES = 300, 75, ("ant", "bee", "cat")  # a film has 4 frames
FIELD, SIZE = (8, 6), (128, 96)  # pixels of what a scene is drawn of, and of a frame
OWN = (0.3, 0.8, 0.9)  # share of a frame that is its own; the first is that of the shifts
FILM = np.arange(IMAGES) * FILMS // IMAGES  # of each drawn frame
TEST, QUALITY = 0.2, 90  # share of the images, and of JPEG
MOST_PIXELS = tk.DataConfig().max_pixels
Change = Callable[[Image.Image], Image.Image]


@dataclasses.dataclass(frozen=True)
class World:
    """Images, and what is known of them; `groups` are numbers, the same for frames of a film."""

    name: str
    pictures: list[Image.Image]
    labels: list[str]
    groups: list[str]


def main() -> None:
    """Print a line a change of the test images, and a line a scheme of names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images, beside those that are drawn")
    parser.add_argument("--tests", type=int, default=TESTS, help="where nothing is to be found")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = [tk.write_digits(f"{scratch}/digits"), tk.write_patches(f"{scratch}/patches")]
        folders += [Path(asked.folder)] if asked.folder else []
        worlds = [films(OWN[0], 0), *(sampled(folder) for folder in folders)]
        print_shifts(worlds, asked.tests)
        print_names(worlds[1:], asked.tests)


def films(own: float, seed: int) -> World:
    """`FILMS` drawn ones, each of a class that has its colour; `own` of each frame is its own."""
    draw, pictures = np.random.default_rng(seed), []
    tints = np.random.default_rng(0).normal(0, 20, (len(CLASSES), 3))
    scenes = draw.normal(0, 1, (FILMS, *FIELD[::-1], 3))
    for film in FILM:
        field = np.sqrt(1 - own) * scenes[film] + np.sqrt(own) * draw.normal(0, 1, scenes[0].shape)
        pixels = 128 + 40 * field + tints[film % len(CLASSES)]
        drawn = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        grain = draw.normal(0, 3, (SIZE[1], SIZE[0], 3))
        pixels = np.asarray(drawn.resize(SIZE, Image.Resampling.BICUBIC)) + grain
        pictures.append(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))
    labels = [CLASSES[film % len(CLASSES)] for film in FILM]
    return World("films", pictures, labels, [str(film) for film in FILM])


def sampled(folder: Path) -> World:
    """Up to `IMAGES` of `folder`, and the groups that reading it finds."""
    rows = tk.Manifest.read(folder).usable
    rows = rows.sample(min(IMAGES, len(rows)), random_state=0)
    pictures = []
    for path in rows["path"]:
        with Image.open(path) as image:
            pictures.append(image.convert("RGB"))
    return World(folder.name, pictures, rows["label"].tolist(), rows["group"].tolist())


def brighter(image: Image.Image, by: float) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1 + by)


def recompressed(image: Image.Image) -> Image.Image:
    """`image` after a JPEG of quality 70."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


def noisy(image: Image.Image) -> Image.Image:
    pixels = np.asarray(image, float)
    noise = np.random.default_rng(int(pixels.sum())).normal(0, 5, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


CHANGES: dict[str, Change] = {
    "none, a random split": lambda image: image,
    "brighter by 5 %": lambda image: brighter(image, 0.05),
    "brighter by 10 %": lambda image: brighter(image, 0.1),
    "brighter by 30 %": lambda image: brighter(image, 0.3),
    "compressed before": recompressed,
    "another camera's noise": noisy,
    "another camera's size": lambda image: image.reduce(2),
}


def print_shifts(worlds: list[World], tests: int) -> None:
    """A line a change: in how many tests a shift is said, of how many."""
    print(f"{'test images, changed':<26}" + "".join(f"{each.name:>14}" for each in worlds))
    plain = [looked_at(each, lambda image: image) for each in worlds]
    for number, (name, change) in enumerate(CHANGES.items()):
        log(name)
        count = max(1, tests // FEWER) if number else tests
        print(f"{name:<26}", end="")
        for world, statistics in zip(worlds, plain, strict=True):
            other = looked_at(world, change) if number else statistics
            told = sum(is_told(world, statistics, other, seed) for seed in range(count))
            print(f"{f'{told} of {count}':>14}", end="", flush=True)
        print()


def looked_at(world: World, change: Change) -> pd.DataFrame:
    """The statistics of the pictures of `world`, changed."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = written([change(image) for image in world.pictures], Path(scratch))
        return picture_statistics(
            inspect_files(paths, MOST_PIXELS), read_thumbnails(paths, MOST_PIXELS)
        )


def written(pictures: list[Image.Image], folder: Path) -> list[str]:
    """The paths of `pictures`, as JPEG."""
    paths = [str(folder / f"{number:03}.jpg") for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        picture.save(path, quality=QUALITY)
    return paths


def is_told(world: World, plain: pd.DataFrame, other: pd.DataFrame, seed: int) -> bool:
    """Whether a shift is said of a random split with the statistics of `other` for its test."""
    splits = split_groups(world.labels, world.groups, validation=0, test=TEST, seed=seed)
    in_test = splits == "test"
    values = np.where(in_test[:, None], other, plain)
    alone = [group or f"image {row}" for row, group in enumerate(world.groups)]
    labels, groups = (np.unique(each, return_inverse=True)[1] for each in (world.labels, alone))
    shift = split_shift(statistics_probe(seed), values, in_test, labels, groups, seed=seed)
    return shift is not None and shift.is_told


SCHEMES = (
    "{label}/film{film:02}_{frame:04}.jpg",
    "{label}/{frame:04}-film{film}.jpg",
    "{label}/slide {film} ({frame}).jpg",
    "{label}/{film:02}/{frame:04}.jpg",
    "{label}/IMG_{frame:04}.jpg",
)


def print_names(others: list[World], tests: int) -> None:
    """A line a scheme: how often groups are proposed by names that hold none, and by the films'."""
    fewer = max(1, tests // FEWER)
    drawn = films(OWN[0], 0)
    shuffled = [(each, look_of(each)) for each in (drawn, *others)]
    taken = {own: [look_of(films(own, seed)) for seed in range(fewer)] for own in OWN}
    wide = 14 * len(shuffled)
    print(f"\n{'names':<38}{f'shuffled: proposed, of {tests}':>{wide}}", end="")
    print(f"{f'just the films: proposed, of {fewer}':>{13 * len(OWN)}}\n{'':<38}", end="")
    print("".join(f"{world.name:>14}" for world, _ in shuffled), end="")
    print("".join(f"{f'{own:.0%} its own':>13}" for own in OWN))
    for scheme in SCHEMES:
        log(scheme)
        print(f"{scheme:<38}", end="")
        for world, look in shuffled:
            found = [
                groups_by(named(scheme, world.labels, seed), world.labels, look, seed)
                for seed in range(tests)
            ]
            print(f"{sum(map(bool, found)):>14}", end="", flush=True)
        for looks in taken.values():
            paths = named(scheme, drawn.labels)
            found = [groups_by(paths, drawn.labels, look, seed) for seed, look in enumerate(looks)]
            print(f"{sum(map(are_films, found)):>13}", end="", flush=True)
        print()


def named(scheme: str, labels: list[str], shuffle: int | None = None) -> list[str]:
    """Paths by `scheme`, four frames a film in turn; with the seed `shuffle` in a random order."""
    places = np.arange(len(labels))
    if shuffle is not None:
        places = np.random.default_rng(shuffle).permutation(places)
    return [
        scheme.format(label=label, film=FILM[place], frame=17 * place % 1009)
        for label, place in zip(labels, places, strict=True)
    ]


def groups_by(paths: list[str], labels: list[str], look: np.ndarray, seed: int) -> tuple[str, ...]:
    """The groups of images that look so, by the pattern that is proposed; none where none is."""
    found = find_sequences(look, paths, labels, [""] * len(labels), seed=seed)
    return found.groups if found else ()


def are_films(groups: tuple[str, ...]) -> bool:
    """Whether `groups` are all the films and nothing else."""
    return len(set(groups)) == FILMS == len(set(zip(groups, FILM, strict=False)))


def look_of(world: World) -> np.ndarray:
    """`(images, features)` by which the pictures of `world` are alike, without a backbone."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = written(world.pictures, Path(scratch))
        return appearance_features(read_thumbnails(paths, MOST_PIXELS))


if __name__ == "__main__":
    main()
