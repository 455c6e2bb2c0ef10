"""One policy from a file to pixels, for training, the classics, prediction and serving alike.

EXIF orientation is applied, alpha is blended on white, 16 bits are scaled to 8, and CMYK, palette
and grey become RGB. JPEGs are shrunk while they are decoded, and every resize is smooth.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from transferkit.config import DataConfig
from transferkit.errors import ConfigError, DataError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
RESIZES = ("squash", "crop")
START = 16  # bytes of a file that is no image, for the message
THREADS = min(32, os.cpu_count() or 1)
WAITING = 16 * THREADS  # items that are given to threads ahead of whoever takes the results
MOST_PIXELS = DataConfig().max_pixels
BLOCKS = 8  # of at most 16 MB, which Pillow keeps for the next image: a new one costs page faults
Given = TypeVar("Given")
Made = TypeVar("Made")


def decode(
    source: str | Path | bytes,
    side: int,
    *,
    resize: str = "squash",
    max_pixels: int = MOST_PIXELS,
) -> np.ndarray:
    """The image in the file or the bytes `source`, as `(side, side, 3)` uint8 RGB.

    `resize` is squash (the whole picture) or crop (its centre square).

    Raises:
        ConfigError: there is no such side or way to resize.
        DataError: there is no image in it that can be read whole, or it is too large.
    """
    if not isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        raise DataError(f"An image was given as {type(source).__name__}: give its path or bytes.")
    if isinstance(source, (bytearray, memoryview)):
        source = bytes(source)
    if resize not in RESIZES:
        raise ConfigError(f"The resize is {resize!r}: it should be {' or '.join(RESIZES)}.")
    if side < 1:
        raise ConfigError(f"The side of a decoded image is {side}: it should be 1 pixel or more.")
    name = "an image given as bytes" if isinstance(source, bytes) else repr(str(source))
    try:
        with BytesIO(source) if isinstance(source, bytes) else open_file(source) as file:
            image = unpack(open_image(file, max_pixels), side)
    except ImageError as problem:
        raise DataError(f"{name} {problem}.") from problem
    return np.asarray(to_square(image, side, resize))


def require_list(paths: Sequence[str]) -> None:
    """Raise `DataError` if `paths` is a single path, whose letters would be taken for paths."""
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise DataError(f"Got the path {str(paths)!r} by itself: give a list of paths.")


def read_images(paths: Sequence[str | Path], side: int, data: DataConfig) -> np.ndarray:
    """The images in `paths`, in order, as `(images, side, side, 3)` uint8 RGB.

    Raises:
        DataError: one of them cannot be read.
    """
    images = np.empty((len(paths), side, side, 3), np.uint8)

    def read(path: str | Path) -> np.ndarray:
        return decode(path, side, resize=data.resize, max_pixels=data.max_pixels)

    for position, image in enumerate(in_threads(read, paths)):
        images[position] = image
    return images


def in_threads(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield `function` of each item, in order, from a few threads: decoding frees the GIL."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) == WAITING:  # all at once take 2 kB each: 190 MB of 100,000 images
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class ImageError(Exception):
    """Why there is no image to be had, as the end of a sentence that starts with the file."""


def open_file(path: str | Path) -> BinaryIO:
    """The regular file `path`: a pipe or a device would never end.

    Raises:
        ImageError: it cannot be opened.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageError("cannot be opened: it is not a regular file")
        return open(path, "rb")
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror or error}") from error
    except ValueError as error:
        raise ImageError("cannot be opened: there is a zero byte in its name") from error


def open_image(file: BinaryIO, max_pixels: int) -> Image.Image:
    """The image in `file`, its header read and its pixels not yet.

    Raises:
        ImageError: it is empty, no image, or would unpack to more than `max_pixels`.
    """
    if Image.MAX_IMAGE_PIXELS is not None:
        # The process has one bound, and beyond twice that Pillow would refuse what is allowed here.
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)
    start = file.read(START)
    if not start:
        raise ImageError("is empty (0 bytes)")
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"is not an image of a known format ({', '.join(FORMATS)}): "
            f"it starts with {repr(start)[1:]}"
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"would unpack to far more than the {max_pixels} pixels of --data.max-pixels"
        ) from error
    except Exception as error:  # a damaged header raises nearly anything: struct.error, KeyError
        raise ImageError(f"has a damaged header: {error}") from error
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise ImageError(
            f"would unpack to {pixels} pixels, more than the {max_pixels} of --data.max-pixels"
        )
    return image


def unpack(image: Image.Image, side: int) -> Image.Image:
    """The pixels of `image`, upright, as RGB; a JPEG no larger than `side` needs.

    Raises:
        ImageError: the pixels are truncated or damaged.
    """
    _keep_blocks()
    try:
        image.draft("RGB", (side, side))
        image.load()
        return _to_rgb(_upright(image))
    except Exception as error:  # Pillow's plugins raise OSError, SyntaxError, struct.error ...
        raise ImageError(f"is truncated or damaged: {error}") from error


def to_square(image: Image.Image, side: int, resize: str) -> Image.Image:
    """The RGB `image` as `side` × `side` pixels, smoothly: whole (squash) or its centre (crop)."""
    width, height = image.size
    if width == height == side:
        return image
    box = (0.0, 0.0, float(width), float(height))
    if resize == "crop":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
    # The gap lets Pillow halve a large image first: several times faster, to the eye the same.
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)


@cache
def _keep_blocks() -> None:
    """Let Pillow keep memory from one image to the next, once in a process."""
    Image.core.set_blocks_max(BLOCKS)


def _upright(image: Image.Image) -> Image.Image:
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # EXIF that cannot be parsed says nothing; the pixels are still good
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_to_8_bits(np.asarray(image)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_8_bits(values: np.ndarray[Any, Any]) -> np.ndarray:
    """Grey of 16 or 32 bits, or floats of 0..1 or 0..255, as uint8."""
    if np.issubdtype(values.dtype, np.floating):
        values = np.nan_to_num(values)
        scale = 255.0 if values.max(initial=0) <= 1 else 1.0
    else:
        scale = 1 / 257  # 65535 becomes 255
    return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
