"""Colours of 16 bits as they are stored; Pillow has the high bytes alone.

A raw mode selects the bytes of a pixel that Pillow's decoders take; that of the other byte order
takes the low ones. PPM has no raw mode for them, and is read as a grey picture three times as wide.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import numpy as np
from PIL.ImageFile import ImageFile

RAW_MODE = re.compile(r"(RGB|RGBX|RGBA|RGBa|LA);16[BLN]")  # of ink there is no other range
SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
PLAIN = "ppm_plain"  # Pillow's decoder of a PPM in decimals
Opened = Callable[[bytes], ImageFile]


def is_deep(image: ImageFile) -> bool:
    """Whether `image`, opened and not loaded, has colours of 16 bits."""
    if not image.tile:
        return False
    if image.format == "PPM":
        return image.mode == "RGB" and _max_value(image) > 255
    return image.format in ("PNG", "TIFF") and RAW_MODE.fullmatch(_raw_mode(image)) is not None


def deep_colours(
    image: ImageFile, content: bytes, opened: Opened
) -> tuple[np.ndarray, np.ndarray | None]:
    """`(height, width, 3)` uint16 RGB, and `(height, width)` uint8 alpha where there is any.

    `image` is deep, and `opened` opens such a `content` anew.
    """
    if image.format == "PPM":
        return _of_ppm(image, content, opened), None
    kind, order = _raw_mode(image).split(";16")
    if kind == "LA":  # only in PNG, whose bytes are big-endian
        pairs = _decoded(content, opened, "RGBA").view(">u2").astype(np.uint16)
        return np.repeat(pairs[..., :1], 3, axis=2), _eight_bits(pairs[..., 1])
    stored = kind.replace("a", "A")  # Pillow divides by alpha in 8 bits
    values = _decoded(content, opened, f"{stored};16{order}").astype(np.uint16) << 8
    values |= _decoded(content, opened, f"{stored};16{SWAPPED[order]}")
    colours = values[..., :3]
    if values.shape[2] == 4:
        alpha = values[..., 3]
        if kind == "RGBa":
            whole = colours.astype(np.uint32) * 65535 // np.maximum(alpha, 1)[..., None]
            colours = np.minimum(whole, 65535).astype(np.uint16)
        return colours, _eight_bits(alpha)
    key = image.info.get("transparency")  # of which Pillow would compare other bytes
    return colours, None if key is None else 255 * np.any(colours != key, 2).astype(np.uint8)


def _decoded(content: bytes, opened: Opened, raw_mode: str) -> np.ndarray:
    """Decode the bytes that `raw_mode` takes of each pixel."""
    image = opened(content)
    for index, tile in enumerate(image.tile):
        rest = tile.args[1:] if isinstance(tile.args, tuple) else ()
        image.tile[index] = tile._replace(args=(raw_mode, *rest))
    image.load()
    return np.asarray(image)


def _of_ppm(image: ImageFile, content: bytes, opened: Opened) -> np.ndarray:
    """Return the colours of a PPM, scaled from its declared maximum to 65535."""
    tile = image.tile[0]
    kind = "P2" if tile.codec_name == PLAIN else "P5"
    head = f"{kind} {3 * image.width} {image.height} {_max_value(image)}\n".encode()
    grey = opened(head + content[tile.offset :])
    return np.asarray(grey).astype(np.uint16).reshape(image.height, image.width, 3)


def _max_value(image: ImageFile) -> int:
    """Return the maximum that a PPM declares; 255 where Pillow's decoder does not need it."""
    args = image.tile[0].args
    return args[1] if isinstance(args, tuple) and len(args) == 2 else 255


def _raw_mode(image: ImageFile) -> str:
    args = image.tile[0].args
    return str(args[0] if isinstance(args, tuple) else args)


def _eight_bits(alpha: np.ndarray) -> np.ndarray:
    return (alpha >> 8).astype(np.uint8)
