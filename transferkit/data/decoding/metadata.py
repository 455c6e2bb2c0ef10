"""Image files without their metadata: a long text or a broken profile is no reason to refuse one.

Pillow reads all of a file's metadata when it opens it, and gives up where any of it is damaged or
large. A copy that has only what the pixels need is decoded instead; the orientation is read here.
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
        content: the file, with what the pixels need.
        orientation: EXIF's, 1 to 8; 0 where the EXIF cannot be read.
        values: the NumPy type of the grey values of a TIFF, where Pillow would take another.
        inverted: whether 0 is white, and the greatest value black, of a TIFF of more than 8 bits.
    """

    content: bytes
    orientation: int = UPRIGHT
    values: str = ""
    inverted: bool = False


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """The orientation that `exif` says, 1 to 8, or else `xmp`; 0 where `exif` cannot be read."""
    try:
        said = _exif_orientation(exif.removeprefix(EXIF_HEADER)) if exif else None
    except TiffError:
        said = UNREADABLE
    if not said and (match := XMP_ORIENTATION.search(xmp)):
        return int(match[1])
    return UPRIGHT if said is None else said


def _exif_orientation(exif: bytes) -> int | None:
    """The orientation in the first directory of `exif`; None where it says none.

    Raises:
        TiffError: that directory cannot be read.
    """
    directory = read_directory(exif)
    said = directory.numbers(ORIENTATION)
    if not said:
        directory.require_whole()
    return said[0] if said and 1 <= said[0] <= 8 else None
