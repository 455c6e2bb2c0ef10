"""Thumbnails as data URIs, as many as a page has room for."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from io import BytesIO

from PIL import Image

from transferkit.data.decoding.decode import in_threads, read_picture
from transferkit.data.decoding.image_files import ImageError
from transferkit.data.decoding.value_range import Range

THUMBNAIL_SIZE = 320  # pixels along the longer side: to be enlarged, and about 15 kB each
QUALITY = 70  # of the JPEG


def thumbnails(
    paths: Iterable[str], max_pixels: int, value_range: Range | None = None
) -> dict[str, str]:
    """Return the data URI of each readable file by path; `value_range` as in `decode`."""
    different = list(dict.fromkeys(paths))

    def make(path: str) -> str:
        return _thumbnail(path, max_pixels, value_range)

    made = in_threads(make, different)
    return {path: uri for path, uri in zip(different, made, strict=True) if uri}


def picture_uri(image: Image.Image, quality: int = QUALITY) -> str:
    """Return the RGB `image` as a JPEG data URI."""
    content = BytesIO()
    image.save(content, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def that_fit(sizes: Sequence[int], room: int) -> int:
    """Return how many of the first `sizes` fit into `room` together."""
    for number, size in enumerate(sizes):
        room -= size
        if room < 0:
            return number
    return len(sizes)


def _thumbnail(path: str, max_pixels: int, value_range: Range | None) -> str:
    """Return the whole image, not enlarged; empty if it cannot be read."""
    try:
        image = read_picture(path, THUMBNAIL_SIZE, max_pixels=max_pixels, value_range=value_range)
    except ImageError:
        return ""
    image.thumbnail((THUMBNAIL_SIZE, THUMBNAIL_SIZE), Image.Resampling.BICUBIC)
    return picture_uri(image)
