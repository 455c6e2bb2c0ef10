"""Images that are no files: bytes, PIL images and arrays, decoded as files are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import read_images
from transferkit.errors import DataError

ImageSource: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | np.ndarray | Image.Image
)
LOSSLESS_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")  # of PNG; others go as TIFF


def as_paths(images: Sequence[ImageSource]) -> list[str] | None:
    """Return `images` as paths of files; None where one of them is in memory.

    Raises:
        DataError: it is a single path, whose letters would be paths.
    """
    if isinstance(images, (str, bytes, os.PathLike)):
        raise DataError(f"Got the path {str(images)!r} by itself: give a list of paths.")
    paths = [os.fspath(image) for image in images if isinstance(image, (str, os.PathLike))]
    return paths if len(paths) == len(images) else None


def as_pixels(sources: Sequence[ImageSource], image_size: int, data: DataConfig) -> np.ndarray:
    """Return images by the settings as `(images, image_size, image_size, 3)` uint8 RGB.

    Raises:
        DataError: one of them is no image, or cannot be read.
    """
    items = [
        source if isinstance(source, (str, os.PathLike)) else as_bytes(source, f"Image {index}")
        for index, source in enumerate(sources)
    ]
    return read_images(items, image_size, data)


def as_bytes(source: object, name: str) -> bytes:
    """Return the content of an image file with the image `source` in it, without loss.

    Raises:
        DataError: it is no image; the sentence calls it `name`.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
            raise DataError(
                f"{name} is an array {source.shape} of {source.dtype}: "
                "it should be (height, width, 3) of uint8, RGB."
            )
        source = Image.fromarray(np.ascontiguousarray(source))
    if not isinstance(source, Image.Image):
        raise DataError(
            f"{name} is a {type(source).__name__}: give a path, the bytes of an image "
            "file, a PIL image, or an array (height, width, 3) of uint8."
        )
    content = BytesIO()
    try:
        source.save(
            content, "PNG" if source.mode in LOSSLESS_MODES else "TIFF", exif=source.getexif()
        )
    except Exception as error:  # a file that PIL opened is read here, and may be damaged
        raise DataError(f"{name} cannot be read: {error}.") from error
    return content.getvalue()
