"""Image files without their metadata: a long text or a broken profile is no reason to refuse one.

Pillow reads all of a file's metadata when it opens it, and gives up where any of it is damaged or
large. A copy with only the data of the pixels is decoded instead; the orientation is read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transferkit.data.decoding.tiff_tags import ORIENTATION, TiffError, read_directory

EXIF_HEADER = b"Exif\0\0"
XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')
UPRIGHT = 1
UNREADABLE = 0  # the orientation of EXIF that cannot be read


@dataclass(frozen=True)
class StrippedFile:
    """An image file without its metadata.

    Attributes:
        content: the file, with the data of the pixels alone.
        orientation: EXIF's, 1 to 8; 0 where the EXIF cannot be read.
        values: the NumPy type of the grey values of a TIFF, where Pillow would take another.
        inverted: whether 0 is white, and the greatest value black, of a TIFF of more than 8 bits.
    """

    content: bytes
    orientation: int = UPRIGHT
    values: str = ""
    inverted: bool = False


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """Return the orientation in `exif`, 1 to 8, or else in `xmp`; 0 for unreadable `exif`."""
    try:
        orientation = _exif_orientation(exif.removeprefix(EXIF_HEADER)) if exif else None
    except TiffError:
        orientation = UNREADABLE
    if not orientation and (match := XMP_ORIENTATION.search(xmp)):
        return int(match[1])
    return UPRIGHT if orientation is None else orientation


def _exif_orientation(exif: bytes) -> int | None:
    """Return the orientation in the first directory of `exif`; None where it has none.

    Raises:
        TiffError: that directory cannot be read.
    """
    directory = read_directory(exif)
    values = directory.numbers(ORIENTATION)
    if not values:
        directory.require_whole()
    return values[0] if values and 1 <= values[0] <= 8 else None
