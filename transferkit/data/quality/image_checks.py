"""Pictures that look wrong among the others of a folder: blank, dark, blurred, tiny, huge, long.

What is wrong in one folder is usual in another (black around a scan, digits of eight pixels), so a
picture is named only where it is far from the folder's median too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from transferkit.data.decoding.decode import decode, in_threads
from transferkit.data.decoding.formats import EXTENSIONS
from transferkit.data.decoding.metadata import UNREADABLE
from transferkit.data.quality.findings import Row
from transferkit.data.quality.near_duplicates import halved, hash_thumbnails

GREY = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"}
# Pillow's modes that are rare among photographs, by the name of the finding.
MODES = {
    "alpha": {"RGBA", "LA", "PA", "La", "RGBa"},
    "palette": {"P"},
    "sixteen_bit": {"I", "I;16", "I;16B", "I;16L", "F"},
    "cmyk": {"CMYK"},
}

MAX_EVEN_RANGE = 8  # grey values from darkest to brightest part: such pictures are read again
MAX_BLANK_CONTRAST = 6.0  # grey values: the noise of a covered lens
BLANK_CHECK_SIZE = 256  # pixels at which that is measured
MAX_DARK = 40  # grey value of the brightest part, of 255: a screen shows next to nothing
MIN_IMAGE_SIZE = 96  # pixels: below it even the smallest networks have to invent some
MAX_SIZE = (
    12e6  # pixels, twenty times what the largest networks see: reading takes a tenth of a second
)
MAX_ASPECT = 3.0  # longer side by shorter: less than half of it is in its centre square
MEDIAN_FACTOR = 4.0  # times the folder's median size or brightness, for an outlier
BLUR_CHECK_SIZES = (
    192,
    96,
)  # pixels at which blur is measured: the first that half of the images have
TILES = 8  # along a side: the sharpest tile counts, since backgrounds are often blurred
MIN_CONTRAST = 4.0  # grey values: less is noise, which is never blurred
MIN_SHARPNESS = 0.25  # of the folder's median: a network sees enough in soft focus


def check_images(files: pd.DataFrame, max_pixels: int) -> Iterator[Row]:
    """Yield findings on `files` (of `inspect_files`, sketched); a few are read once more."""
    good = files[files["problem"] == ""]
    parts = (
        halved(hash_thumbnails(good["sketch"].tolist()))
        .round()
        .astype(int)
        .reshape(len(good), 16 * 16)
    )
    brightest = pd.Series(parts.max(axis=1), good.index)
    even = good["path"][brightest - parts.min(axis=1) < MAX_EVEN_RANGE]
    blank = {path for path in even if _contrast(path, max_pixels) < MAX_BLANK_CONTRAST}
    longer = good[["width", "height"]].max(axis=1)
    shorter = good[["width", "height"]].min(axis=1)
    pixels, aspect = good["width"] * good["height"], longer / shorter
    dark = (
        (brightest < MAX_DARK)
        & (brightest < brightest.median() / MEDIAN_FACTOR)
        & ~good["path"].isin(blank)
    )
    tiny = (shorter < MIN_IMAGE_SIZE) & (shorter < shorter.median() / MEDIAN_FACTOR)
    huge = (pixels > MAX_SIZE) & (pixels > pixels.median() * MEDIAN_FACTOR)
    long = (aspect > MAX_ASPECT) & (aspect > aspect.median() * 2)
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
    """Return the standard deviation of the colour channel that varies most, at a large size."""
    return float(
        decode(path, BLANK_CHECK_SIZE, max_pixels=max_pixels, value_range=None)
        .std(axis=(0, 1))
        .max()
    )


def blurred(files: pd.DataFrame, max_pixels: int) -> Iterator[Row]:
    """Yield the pictures far less sharp than the others of the folder: each is read once more.

    One that is smaller than most is not judged, since enlarging blurs it; nor are tiny pictures.
    """
    good = files[files["problem"] == ""]
    shorter = good[["width", "height"]].min(axis=1)
    for image_size in BLUR_CHECK_SIZES:
        if shorter.median() >= image_size:
            break
    else:
        return
    paths = good["path"][shorter >= image_size].tolist()

    def read(path: str) -> float:
        return sharpness(decode(path, image_size, max_pixels=max_pixels, value_range=None))

    sharpnesses = np.fromiter(in_threads(read, paths), float, len(paths))
    median = np.nanmedian(sharpnesses) if np.isfinite(sharpnesses).any() else np.nan
    for path, value in zip(paths, sharpnesses / median, strict=True):
        if value < MIN_SHARPNESS:
            yield "blurred", path, f"is {value:.2f} times as sharp as most", ""


def sharpness(pixels: np.ndarray) -> float:
    """Return the sharpness of `(height, width, 3)` uint8: that of its sharpest part.

    The standard deviation of the Laplacian by that of the picture, of the part where the Laplacian
    varies most; NaN where no part has contrast. (Pech-Pacheco and others, 2000, "Diatom
    autofocusing in brightfield microscopy", judge whole pictures by the Laplacian's variance.)
    """
    grey = pixels.mean(axis=2)
    inner = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    changes, contrasts = (_deviations(values) for values in (edges, inner))
    sharpest = changes.argmax()
    return (
        float(changes[sharpest] / contrasts[sharpest]) if contrasts.max() > MIN_CONTRAST else np.nan
    )


def _deviations(values: np.ndarray) -> np.ndarray:
    """`(TILES * TILES,)` standard deviation of each part of `(side, side)`."""
    size = len(values) // TILES
    values = values[: size * TILES, : size * TILES].reshape(TILES, size, TILES, size)
    return values.std(axis=(1, 3)).ravel()


def check_files(files: pd.DataFrame) -> Iterator[Row]:
    """Yield findings on the format and mode of `files` (of `inspect_files`)."""
    good = files[files["problem"] == ""]
    grey = good["mode"].isin(GREY)
    odd_grey = grey.sum() <= len(good) / 2  # where most are, the others are the odd ones
    columns = ("path", "format", "mode", "orientation", "values")
    for path, kind, mode, turn, values in zip(
        *(good[name].tolist() for name in columns), strict=True
    ):
        ending = Path(path).suffix.lower()
        if ending not in EXTENSIONS[kind]:
            name = ending or "without an ending"
            yield "wrong_ending", path, f"is a {kind} file named {name}", ""
        for finding, modes in MODES.items():
            if mode in modes:
                yield finding, path, f"has Pillow's mode {mode}", ""
        if values == "uint16" and mode not in MODES["sixteen_bit"]:
            yield "sixteen_bit", path, "has colours of 16 bits", ""
        if turn > 1:
            yield "rotated", path, f"has the EXIF orientation {turn}", ""
        if turn == UNREADABLE:
            yield "unreadable_exif", path, "may be on its side, if it was taken so", ""
        if odd_grey and mode in GREY:
            yield "grey", path, f"has Pillow's mode {mode}", ""
