"""Pixels of an image file's content, upright, as RGB, or the reason why there are none.

EXIF orientation is applied, alpha is blended on white, 16 bits are scaled to 8, and CMYK, palette
and grey become RGB. JPEGs are shrunk while they are decoded. The check of a folder and the
decoding of a run both use these functions alone: a file that passes the former is read by the
latter.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from transferkit.data.decoding.deep_colour import deep_colours, is_deep
from transferkit.data.decoding.formats import HEAD, heif_opener
from transferkit.data.decoding.image_files import ImageError, require_format
from transferkit.data.decoding.jpeg_segments import has_end, strip_jpeg, with_end
from transferkit.data.decoding.metadata import StrippedFile, orientation_of
from transferkit.data.decoding.png_chunks import strip_png
from transferkit.data.decoding.tiff_layout import misread, strip_tiff, unusual_layout
from transferkit.data.decoding.value_range import (
    OF_16_BITS,
    Range,
    Values,
    grey_of,
    range_of_bits,
    range_of_type,
    scaled,
    wide_values,
)

MAX_BLOCKS = 8  # of up to 16 MB, which Pillow reuses for the next image: new ones cost page faults
MODULES = r"PIL\.|pillow_heif"
QUIET = ("ignore", None, Warning, re.compile(MODULES), 0)  # the form of `warnings.filters`
STRIP: dict[str, Callable[[bytes], StrippedFile]] = {
    "JPEG": strip_jpeg,
    "PNG": strip_png,
    "TIFF": strip_tiff,
}
TITLES = {"HEIF": "HEIC (a phone's photograph)", "WEBP": "WebP"}  # other than Pillow's names
TURNS = {  # by EXIF's orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass
class Picture:
    """An image that is opened from `file`; its `grey` values are known once it is unpacked."""

    image: ImageFile
    file: StrippedFile
    grey: Values = Values()


def open_image(content: bytes, max_pixels: int) -> Picture:
    """Open the image in a file's `content`: its header is read, its pixels not yet.

    Raises:
        ImageError: it is empty, no image, or would unpack to more than `max_pixels`.
    """
    quiet_pillow(max_pixels)
    kind = require_format(content[:HEAD])
    try:
        file = STRIP.get(kind, StrippedFile)(content)
        image = _avif(content) if kind == "AVIF" else _opened(kind, file.content)
    except Exception as error:  # a damaged header raises nearly anything: struct.error, KeyError
        raise ImageError(_reason(kind, content, error)) from error
    if kind == "TIFF" and misread(content):
        raise ImageError(_reason(kind, content, ""))
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise ImageError(
            f"would unpack to {pixels} pixels, more than the {max_pixels} of --data.max-pixels"
        )
    if kind not in STRIP:
        exif, xmp = (image.info.get(name) or b"" for name in ("exif", "xmp"))
        file = replace(file, orientation=orientation_of(bytes(exif), bytes(xmp)))
    return Picture(image, file)


def unpack(picture: Picture, image_size: int, value_range: Range | None = ()) -> Image.Image:
    """Read the pixels of `picture`, upright, as RGB; a JPEG no larger than `image_size` needs.

    Values of more than 8 bits are scaled by `value_range`: empty, it is that of unsigned 16 bits,
    and others are refused; None is the range of this image, for people to look at.

    Raises:
        ImageError: the pixels are truncated or damaged, or their range is not known.
    """
    _reuse_blocks()
    try:
        if _needs_deep_colours(picture.image, value_range):
            return _upright(_deep(picture, value_range), picture.file.orientation)
        image: Image.Image = _loaded(picture, image_size)
        values = wide_values(image, picture.file)
        if values is not None:
            picture.grey = grey_of(values)
            image = Image.fromarray(_narrowed(picture, values, value_range))
        return _to_rgb(_upright(image, picture.file.orientation))
    except ImageError:
        raise
    except Exception as error:  # Pillow's plugins raise OSError, SyntaxError, struct.error ...
        raise ImageError(f"is truncated or damaged: {error}") from error


def _needs_deep_colours(image: ImageFile, value_range: Range | None) -> bool:
    """Whether Pillow's colours, which are the high bytes of these, are not enough."""
    whole = value_range is not None and value_range in ((), OF_16_BITS)
    return is_deep(image) and not (whole and "transparency" not in image.info)


def _deep(picture: Picture, value_range: Range | None) -> Image.Image:
    """Return the colours of 16 bits by `value_range`, as RGB."""
    opened = partial(_opened, picture.image.format or "")
    colours, alpha = deep_colours(picture.image, picture.file.content, opened)
    picture.grey = grey_of(colours)
    image = Image.fromarray(_narrowed(picture, colours, value_range))
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    return _to_rgb(image)


def _narrowed(picture: Picture, values: np.ndarray, value_range: Range | None) -> np.ndarray:
    """Return the grey `values` or colours as uint8."""
    grey = picture.grey
    if value_range is None:  # colours that use all of their bits are seen as in copies of 8 bits
        value_range = range_of_bits(grey.high) if values.ndim == 3 else (grey.low, grey.high)
    value_range = value_range or range_of_type(grey)
    if not value_range:
        raise ImageError(
            f"has grey values of the type {grey.values} from {grey.low:g} to {grey.high:g}, and "
            "nothing says which is black and which is white: learn from images like it, or give "
            "--data.value-range LOW HIGH there"
        )
    return scaled(values, value_range, inverted=picture.file.inverted)


@cache
def _reuse_blocks() -> None:
    """Let Pillow reuse memory from one image to the next, once in a process."""
    Image.core.set_blocks_max(MAX_BLOCKS)


def quiet_pillow(max_pixels: int) -> None:
    """Set Pillow's globals: its bound on pixels, and its warnings.

    Beyond twice its bound Pillow would refuse images that `max_pixels` allows. It warns of odd
    metadata on standard error, amid other lines.
    """
    if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = max_pixels
    if QUIET not in warnings.filters:  # a caller's `catch_warnings` may have removed it
        warnings.filterwarnings("ignore", module=MODULES)


def _opened(kind: str, content: bytes) -> ImageFile:
    """Open `content` of the format `kind`; Pillow's errors are raised as they are."""
    opener = heif_opener() if kind == "HEIF" else None
    if opener is None:
        if kind not in Image.OPEN:
            Image.init()
        opener = Image.OPEN[kind][0]
    return opener(BytesIO(content), "")


def _avif(content: bytes) -> ImageFile:
    """Open an AVIF; where libavif refuses its EXIF, that is renamed to be skipped."""
    try:
        return _opened("AVIF", content)
    except Exception:
        if b"Exif" not in content:
            raise
    image = _opened("AVIF", content.replace(b"Exif", b"skip", 1))  # the type of the item
    image.info.setdefault("exif", b"damaged")
    return image


def _reason(kind: str, content: bytes, error: object) -> str:
    """Return the reason why `content` of this format has no image."""
    layout = unusual_layout(content) if kind == "TIFF" else ""
    if layout:
        return (
            f"is a TIFF of {layout}, which is not read: save it as grey or RGB of 8 bits, "
            "or as grey of 16-bit integers or 32-bit floats"
        )
    reason = "the file ends in it" if "requires a buffer" in str(error) else error
    return (
        f"is {TITLES.get(kind, kind)} with a damaged or unusual header ({reason}): "
        "if other programs show it, save it with one of them as PNG"
    )


def _loaded(picture: Picture, image_size: int) -> ImageFile:
    """Load the pixels; a JPEG that lacks only its end mark gets one."""
    image = picture.image
    if image.format == "JPEG":
        if not has_end(picture.file.content):
            image = _opened("JPEG", with_end(picture.file.content, _all_pixels))
        image.draft("RGB", (image_size, image_size))  # of a HEIC that would take the thumbnail
    image.load()
    return image


def _all_pixels(jpeg: bytes) -> bytes:
    return _opened("JPEG", jpeg).tobytes()


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == "RGB" else image.convert("RGB")
