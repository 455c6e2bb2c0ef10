"""Plain statistics of pictures: format, size, brightness, colour, contrast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from transferkit.data.decoding.decode import decode, in_threads

THUMBNAIL_SIZE = 32  # pixels of a thumbnail: a JPEG is read at an eighth of its size for it
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the brightness: even in an equalised picture
LOGARITHMIC = ("width", "height", "bytes per pixel")  # to the base of 2
MIN_SHARE = 0.01  # of the images with a format or mode: a rarer one does not tell a split


def read_thumbnails(paths: Sequence[str], max_pixels: int) -> np.ndarray:
    """`(images, THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3)` uint8 RGB of files that can be read.

    Raises:
        DataError: one of them cannot be read any more.
    """

    def read(path: str) -> np.ndarray:
        return decode(path, THUMBNAIL_SIZE, max_pixels=max_pixels, value_range=None)

    thumbnails = np.empty((len(paths), THUMBNAIL_SIZE, THUMBNAIL_SIZE, 3), np.uint8)
    for index, pixels in enumerate(in_threads(read, paths)):
        thumbnails[index] = pixels
    return thumbnails


def picture_statistics(files: pd.DataFrame, thumbnails: np.ndarray) -> pd.DataFrame:
    """One row per image, one float64 column per statistic, each called by its name in words.

    `files` are rows of `inspect_files` without a problem, `thumbnails` theirs.
    """
    pixels = thumbnails.astype(np.float32) / 255
    grey = pixels.mean(axis=3)
    columns: dict[str, np.ndarray] = {}
    for name in ("format", "mode"):
        values = files[name].to_numpy(str)
        for value, count in zip(*np.unique(values, return_counts=True), strict=True):
            if MIN_SHARE * len(values) <= count < len(values):
                columns[f"{name} {value}"] = (values == value).astype(float)
    size = files[["width", "height"]].to_numpy(float)
    columns["width"], columns["height"] = np.log2(size).T
    columns["bytes per pixel"] = np.log2(files["bytes"].to_numpy(float) / size.prod(axis=1))
    for number, colour in enumerate(("red", "green", "blue")):
        columns[f"mean of {colour}"] = pixels[..., number].mean(axis=(1, 2))
    columns["saturation"] = (pixels.max(axis=3) - pixels.min(axis=3)).mean(axis=(1, 2))
    columns["contrast"] = grey.std(axis=(1, 2))
    columns["fine detail"] = np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2))
    flat = grey.reshape(len(grey), -1)
    for share, values in zip(QUANTILES, np.quantile(flat, QUANTILES, axis=1), strict=True):
        columns[f"brightness at {share:.0%}"] = values
    return pd.DataFrame(columns, dtype=float)


def appearance_features(thumbnails: np.ndarray) -> np.ndarray:
    """Return `(images, features)` float32 to compare pictures by, where there is no backbone."""
    images, side = len(thumbnails), THUMBNAIL_SIZE // 2
    halved = thumbnails.reshape(images, side, 2, side, 2, 3).mean(axis=(2, 4), dtype=np.float32)
    return halved.reshape(images, -1)


def in_words(name: str, train: float, test: float) -> str:
    """Return the means of a statistic: `saturation (0.31 in train, 0.02 in test)`."""
    if name in LOGARITHMIC:
        train, test = 2**train, 2**test
    return f"{name} ({train:.3g} in train, {test:.3g} in test)"
