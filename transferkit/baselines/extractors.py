"""The features of the catalog that need no network: functions of one image, each of one length."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage.color import rgb2gray
from skimage.feature import hog

BINS = (12, 6, 6)  # of hue, saturation and value: 432 in all
CELL = 16  # pixels: 8 × 8 cells of an image of 128 px, 1,764 numbers
# HOG holds Python's lock: two at once would take turns at every step, and be slower.
HOG_LOCK = threading.Lock()


def pixel_values(image: np.ndarray) -> np.ndarray:
    """`(side * side * 3,)` float32, 0..1: the `(height, width, 3)` uint8 `image` itself."""
    return image.reshape(-1).astype(np.float32) / 255


def colour_histogram(image: np.ndarray) -> np.ndarray:
    """`(432,)` float32 of unit length: the joint histogram of hue, saturation and value.

    Each share is a square root, so that the distance of two is Hellinger's (Arandjelović and
    Zisserman, 2012).
    """
    hsv = np.asarray(Image.fromarray(image).convert("HSV"), dtype=np.int64).reshape(-1, 3)
    cells = np.ravel_multi_index(tuple((hsv * BINS // 256).T), BINS)
    shares = np.bincount(cells, minlength=int(np.prod(BINS))) / len(cells)
    return np.sqrt(shares).astype(np.float32)


def gradient_histograms(image: np.ndarray) -> np.ndarray:
    """`(width,)` float32 of unit length: HOG of the grey image; zeros where it is flat."""
    grey = rgb2gray(image)
    with HOG_LOCK:
        histograms = hog(
            grey,
            orientations=9,
            pixels_per_cell=(CELL, CELL),
            cells_per_block=(2, 2),
            block_norm="L2-Hys",
            transform_sqrt=True,
        )
    return (histograms / (np.linalg.norm(histograms) or 1)).astype(np.float32)


def shape_and_colour(image: np.ndarray) -> np.ndarray:
    """HOG and the colour histogram, both of unit length, so that neither dominates."""
    return np.concatenate([gradient_histograms(image), colour_histogram(image)])


EXTRACTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "pixels": pixel_values,
    "colour": colour_histogram,
    "hog": gradient_histograms,
    "hog_colour": shape_and_colour,
}
