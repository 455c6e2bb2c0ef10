"""Pictures that look wrong among the others of a folder: blank, dark, blurred, tiny, huge, long.

What is wrong in one folder is usual in another (black around a scan, digits of eight pixels), so a
picture is named only where it is far from the folder's median too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from transferkit.data.decoding.decode import decode, in_threads
from transferkit.data.quality.findings import Row
from transferkit.data.quality.near_duplicates import halved, hash_thumbnails

EVEN = 8  # grey values from the darkest to the brightest part: what is so is looked at again
BLANK, BLANK_SIDE = 6.0, 256  # grey values, of a picture of so many pixels: noise of a covered lens
DARK = 40  # grey values of the brightest part, of 255: a screen shows next to nothing of it
TINY = 96  # pixels: below it even the smallest networks have to invent some
HUGE = 12e6  # pixels, twenty times what the largest networks see: reading takes a tenth of a second
LONG = 3.0  # longer side by shorter: less than half of it is in its centre square
FAR = 4.0  # times the folder's median, of what makes a picture tiny, huge or dark
SHARP_SIDES = (192, 96)  # pixels at which blur is judged: the first that half of the pictures have
TILES = 8  # along a side: the sharpest part counts, since backgrounds are often blurred
FAINT = 4.0  # grey values: less contrast is noise, which is never blurred
UNSHARP = 0.25  # of the folder's median sharpness: of soft focus a network sees enough


def check_images(files: pd.DataFrame, max_pixels: int) -> Iterator[Row]:
    """What `files` (of `inspect_files`, sketched) says of itself; a few are read once more."""
    good = files[files["problem"] == ""]
    parts = (
        halved(hash_thumbnails(good["sketch"].tolist()))
        .round()
        .astype(int)
        .reshape(len(good), 16 * 16)
    )
    brightest = pd.Series(parts.max(axis=1), good.index)
    even = good["path"][brightest - parts.min(axis=1) < EVEN]
    blank = {path for path in even if _contrast(path, max_pixels) < BLANK}
    longer = good[["width", "height"]].max(axis=1)
    shorter = good[["width", "height"]].min(axis=1)
    pixels, aspect = good["width"] * good["height"], longer / shorter
    dark = (brightest < DARK) & (brightest < brightest.median() / FAR) & ~good["path"].isin(blank)
    tiny = (shorter < TINY) & (shorter < shorter.median() / FAR)
    huge = (pixels > HUGE) & (pixels > pixels.median() * FAR)
    long = (aspect > LONG) & (aspect > aspect.median() * 2)
    for path in even[even.isin(blank)]:
        yield "blank", path, "shows nearly one colour", ""
    for finding, odd, values, detail in (
        ("dark", dark, brightest, "is nowhere brighter than {:.0f} of 255"),
        ("tiny", tiny, shorter, "has a shorter side of {:.0f} pixels"),
        ("huge", huge, pixels / 1e6, "has {:.1f} megapixels"),
        ("odd_aspect", long, aspect, "has one side {:.1f} times as long as the other"),
    ):
        for path, value in zip(good["path"][odd], values[odd], strict=True):
            yield finding, path, detail.format(value), ""


def _contrast(path: str, max_pixels: int) -> float:
    """Standard deviation of the colour that varies most: a fine texture is even from afar only."""
    return float(
        decode(path, BLANK_SIDE, max_pixels=max_pixels, value_range=None).std(axis=(0, 1)).max()
    )


def blurred(files: pd.DataFrame, max_pixels: int) -> Iterator[Row]:
    """The pictures far less sharp than the others of the folder: each is read once more.

    One that is smaller than most is not judged, since enlarging blurs it; nor are tiny pictures.
    """
    good = files[files["problem"] == ""]
    shorter = good[["width", "height"]].min(axis=1)
    for image_size in SHARP_SIDES:
        if shorter.median() >= image_size:
            break
    else:
        return
    paths = good["path"][shorter >= image_size].tolist()

    def read(path: str) -> float:
        return sharpness(decode(path, image_size, max_pixels=max_pixels, value_range=None))

    found = np.fromiter(in_threads(read, paths), float, len(paths))
    median = np.nanmedian(found) if np.isfinite(found).any() else np.nan
    for path, value in zip(paths, found / median, strict=True):
        if value < UNSHARP:
            yield "blurred", path, f"is {value:.2f} times as sharp as most", ""


def sharpness(pixels: np.ndarray) -> float:
    """How fast the sharpest part of `(height, width, 3)` uint8 changes, by its contrast.

    The standard deviation of the Laplacian by that of the picture, of the part where the Laplacian
    varies most; NaN where no part has contrast. (Pech-Pacheco and others, 2000, "Diatom
    autofocusing in brightfield microscopy", judge whole pictures by the Laplacian's variance.)
    """
    grey = pixels.mean(axis=2)
    inner = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    changes, contrasts = (_deviations(values) for values in (edges, inner))
    sharpest = changes.argmax()
    return float(changes[sharpest] / contrasts[sharpest]) if contrasts.max() > FAINT else np.nan


def _deviations(values: np.ndarray) -> np.ndarray:
    """`(TILES * TILES,)` standard deviation of each part of `(side, side)`."""
    size = len(values) // TILES
    values = values[: size * TILES, : size * TILES].reshape(TILES, size, TILES, size)
    return values.std(axis=(1, 3)).ravel()
