"""Image files that are damaged, or whole with odd metadata, made by the tests themselves."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

PNG_HEAD = 33  # bytes of the signature and IHDR


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def photograph(width: int = 64, height: int = 48) -> Image.Image:
    """Smooth colours with some noise."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([4 * x % 256, 5 * y % 256, (x + y) % 256], axis=-1)
    return Image.fromarray((smooth * 0.8 + generator.integers(0, 50, smooth.shape)).astype("uint8"))


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG, its checksum right unless given."""
    right = zlib.crc32(kind + data)
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", right if checksum is None else checksum)
    )


def png_with(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    """A PNG with `chunks` between its header and its pixels."""
    content = encoded(image or photograph())
    return content[:PNG_HEAD] + b"".join(chunks) + content[PNG_HEAD:]


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """A JPEG with `segments` (marker, data) at its start."""
    content = encoded(photograph(), "JPEG", quality=90)
    more = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data for marker, data in segments
    )
    return content[:2] + more + content[2:]


def tiff_of(
    values: np.ndarray, *, order: str = "<", tags: dict[int, tuple[int, ...]] | None = None
) -> bytes:
    """A TIFF of `(height, width)` or `(bands, height, width)` numbers, the bands one by one.

    `tags` are more tags, or others than those, as short integers.
    """
    planes = values if values.ndim == 3 else values[None]
    bands, height, width = planes.shape
    kinds = {"u": 1, "i": 2, "f": 3, "c": 6}
    pixels = planes.astype(planes.dtype.newbyteorder(order)).tobytes()
    bits = (8 * values.dtype.itemsize,) * bands
    size = len(pixels) // bands
    longs = {
        256: (width,),
        257: (height,),
        273: tuple(8 + size * band for band in range(bands)),
        278: (height,),
        279: (size,) * bands,
    }
    shorts = {258: bits, 259: (1,), 262: (1,), 277: (bands,), 339: (kinds[values.dtype.kind],)}
    shorts |= {284: (2,)} if bands > 1 else {}
    shorts |= tags or {}
    more, entries = b"", []
    base = 8 + len(pixels)
    for tag, numbers in sorted((longs | shorts).items()):
        kind, letter = (4, "I") if tag in longs else (3, "H")
        data = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        if len(data) > 4:
            place, more = base + len(more), more + data
            data = struct.pack(order + "I", place)
        entries.append(struct.pack(order + "HHI", tag, kind, len(numbers)) + data.ljust(4, b"\0"))
    head = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0" * 4
    return head + struct.pack(order + "I", base + len(more)) + pixels + more + directory
