"""Images as a classifier receives them."""

from __future__ import annotations

from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import read_picture, to_square
from transferkit.data.decoding.image_files import ImageError
from transferkit.errors import DataError


def picture_as_seen(source: str | bytes, edge: int, data: DataConfig) -> Image.Image:
    """Return an image as a classifier receives it, at most `edge` pixels along its longer side.

    `source` is the path of a file, or its content.

    That is the whole picture, or its centre square where `data` says crop.

    Raises:
        DataError: it cannot be read.
    """
    try:
        image = read_picture(
            source, edge, max_pixels=data.max_pixels, value_range=data.value_range or None
        )
    except ImageError as problem:
        name = "The image" if isinstance(source, bytes) else repr(source)
        raise DataError(f"{name} {problem}.") from problem
    if data.resize == "crop":
        return to_square(image, edge, "crop")
    width, height = (max(1, round(length * edge / max(image.size))) for length in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
