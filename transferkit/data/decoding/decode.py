"""Decoding of image files to squares of pixels, for training, baselines and prediction alike.

How a file becomes RGB is in `pixels`; here it is resized, smoothly, to the square that is asked
for.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from transferkit.config.settings import MAX_PIXELS, DataConfig
from transferkit.data.decoding.image_files import ImageError, open_file, read_content
from transferkit.data.decoding.pixels import open_image, unpack
from transferkit.data.decoding.value_range import Range
from transferkit.errors import ConfigError, DataError

RESIZES = ("squash", "crop")
THREADS = min(32, os.cpu_count() or 1)
MAX_WAITING = 16 * THREADS  # items that are submitted ahead of the consumer
KEY = 16  # bytes of a SHA-256: enough for no two files to share them by chance
Item = TypeVar("Item")
Value = TypeVar("Value")


def decode(
    source: str | os.PathLike[str] | bytes,
    image_size: int,
    *,
    resize: str = "squash",
    max_pixels: int = MAX_PIXELS,
    value_range: Range | None = (),
) -> np.ndarray:
    """Decode the file or the bytes `source` to `(height, width, 3)` uint8 RGB.

    `resize` is squash (the whole picture) or crop (its centre square); `value_range` is that of
    `DataConfig`, or None for that of the image itself, to look at.

    Raises:
        ConfigError: the size or the way to resize is invalid.
        DataError: there is no image in it that can be read whole, or it is too large.
    """
    if not isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        raise DataError(f"An image was given as {type(source).__name__}: give its path or bytes.")
    if isinstance(source, (bytearray, memoryview)):
        source = bytes(source)
    if resize not in RESIZES:
        raise ConfigError(f"The resize is {resize!r}: it should be {' or '.join(RESIZES)}.")
    if image_size < 1:
        raise ConfigError(
            f"The side of a decoded image is {image_size}: it should be 1 pixel or more."
        )
    name = "an image given as bytes" if isinstance(source, bytes) else repr(str(source))
    try:
        image = read_picture(source, image_size, max_pixels=max_pixels, value_range=value_range)
    except ImageError as problem:
        raise DataError(f"{name} {problem}.") from problem
    return np.asarray(to_square(image, image_size, resize))


def read_picture(
    source: str | os.PathLike[str] | bytes,
    image_size: int,
    *,
    max_pixels: int = MAX_PIXELS,
    value_range: Range | None = (),
) -> Image.Image:
    """Read the file or bytes `source`, upright, as RGB; a JPEG as large as `image_size` needs.

    Raises:
        ImageError: there is no image in it that can be read whole, or it is too large.
    """
    if not isinstance(source, bytes):
        with open_file(source) as file:
            source = read_content(file, max_pixels)
    return unpack(open_image(source, max_pixels), image_size, value_range)


def decode_as(
    source: str | os.PathLike[str] | bytes, image_size: int, data: DataConfig
) -> np.ndarray:
    """Decode a file by the settings `data`."""
    return decode(
        source,
        image_size,
        resize=data.resize,
        max_pixels=data.max_pixels,
        value_range=data.value_range,
    )


def decode_with_key(
    path: str | Path, image_size: int, data: DataConfig
) -> tuple[np.ndarray, bytes]:
    """Return the pixels of a file by the settings, and the `content_key` of the same bytes.

    Raises:
        DataError: there is no image in it that can be read whole, or it is too large.
    """
    try:
        with open_file(path) as file:
            content = read_content(file, data.max_pixels)
        image = read_picture(
            content, image_size, max_pixels=data.max_pixels, value_range=data.value_range
        )
    except ImageError as problem:
        raise DataError(f"{str(path)!r} {problem}.") from problem
    return np.asarray(to_square(image, image_size, data.resize)), content_key(content)


def content_key(content: bytes) -> bytes:
    """Return the first bytes of the SHA-256 of a file's content: its key in caches."""
    return hashlib.sha256(content).digest()[:KEY]


def read_images(
    sources: Sequence[str | os.PathLike[str] | bytes], image_size: int, data: DataConfig
) -> np.ndarray:
    """Decode files, or their bytes, in order, to `(images, height, width, 3)` uint8 RGB.

    Raises:
        DataError: one of them cannot be read.
    """
    images = np.empty((len(sources), image_size, image_size, 3), np.uint8)

    def read(source: str | os.PathLike[str] | bytes) -> np.ndarray:
        return decode_as(source, image_size, data)

    for index, image in enumerate(in_threads(read, sources)):
        images[index] = image
    return images


def in_threads(function: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
    """Yield `function` of each item, in order, from a few threads: decoding frees the GIL."""
    waiting: deque[Future[Value]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) == MAX_WAITING:  # all at once take 2 kB each: 190 MB of 100,000 images
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def to_square(image: Image.Image, image_size: int, resize: str) -> Image.Image:
    """Resize the RGB `image` to a square: the whole of it (squash) or its centre (crop)."""
    width, height = image.size
    if width == height == image_size:
        return image
    box = (0.0, 0.0, float(width), float(height))
    if resize == "crop":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    # The gap lets Pillow halve a large image first: several times faster, to the eye the same.
    return image.resize(
        (image_size, image_size), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0
    )
