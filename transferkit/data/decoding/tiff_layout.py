"""Layout of the pixels of a TIFF: its tags without the metadata, and a description."""

from __future__ import annotations

from transferkit.data.decoding.metadata import UPRIGHT, StrippedFile
from transferkit.data.decoding.tiff_tags import ORIENTATION, Directory, TiffError, read_directory

BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, FORMAT = 258, 259, 262, 277, 284, 339
LAYOUT = {  # the tags on where the pixels are, and their meaning
    *(254, 255, 256, 257, BITS, COMPRESSION, PHOTOMETRIC, 263, 266, 273, SAMPLES, 278, 279, PLANAR),
    *(292, 293, 317, 320, *range(322, 326), 332, 334, 338, FORMAT, 347, *range(512, 522)),
    *range(529, 533),
}
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
SEPARATE = 2  # planes
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
TYPES = {UNSIGNED: "unsigned integers", SIGNED: "signed integers", FLOAT: "floats"}
COLOURS = {2: "RGB", 5: "CMYK", 6: "YCbCr", 8: "CIELAB"}


def strip_tiff(content: bytes) -> StrippedFile:
    """Return the first image of the TIFF `content`, with the tags of its layout alone.

    The type of grey values that Pillow would convert is changed so that it leaves them alone.
    """
    try:
        directory = read_directory(content)
    except TiffError:
        return StrippedFile(content)
    turn = directory.number(ORIENTATION, UPRIGHT)
    bits, kind = directory.number(BITS, 1), directory.number(FORMAT, UNSIGNED)
    changes, values, inverted = {}, "", False
    if directory.number(SAMPLES, 1) == 1:
        if kind == SIGNED and bits == 8:
            values = "int8"
        if kind == UNSIGNED and bits == 32:
            values, changes[FORMAT] = "uint32", SIGNED  # Pillow has no other type of 32 bits
        wide = bits > 8 or values
        inverted = bool(wide) and directory.number(PHOTOMETRIC, BLACK_IS_ZERO) == WHITE_IS_ZERO
        if inverted:
            changes[PHOTOMETRIC] = BLACK_IS_ZERO
    if FORMAT in changes and not directory.numbers(FORMAT):
        directory = directory.with_entry(FORMAT)
    orientation = turn if 1 <= turn <= 8 else UPRIGHT
    return StrippedFile(directory.with_tags(LAYOUT, changes), orientation, values, inverted)


def unusual_layout(content: bytes) -> str:
    """Describe the layout of a TIFF that is not read; empty where its tags lack it."""
    try:
        directory = read_directory(content)
    except TiffError:
        return ""
    bands, bits = directory.number(SAMPLES, 1), directory.number(BITS, 0)
    if not bits:
        return ""
    kind = TYPES.get(directory.number(FORMAT, UNSIGNED), "complex or other numbers")
    colours = COLOURS.get(directory.number(PHOTOMETRIC, BLACK_IS_ZERO))
    what = f"{bands} bands" if bands > 1 else "grey"
    if colours and bands <= 4:
        what = colours
    apart = ", each band by itself" if planes_apart(directory) else ""
    return f"{what} in {bits}-bit {kind}{apart}"


def planes_apart(directory: Directory) -> bool:
    """Whether the bands are stored one after the other."""
    return directory.number(SAMPLES, 1) > 1 and directory.number(PLANAR, 1) == SEPARATE


def misread(content: bytes) -> bool:
    """Whether Pillow would open this TIFF and misread its bytes."""
    try:
        directory = read_directory(content)
    except TiffError:
        return False
    return planes_apart(directory) and directory.number(BITS, 1) > 8
