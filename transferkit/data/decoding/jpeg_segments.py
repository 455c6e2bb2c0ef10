"""JPEG files without the segments that no pixel needs, and with a missing end mark restored."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from transferkit.data.decoding.metadata import EXIF_HEADER, StrippedFile, orientation_of

XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
ALONE = {0x00, 0x01, *range(0xD0, 0xD9)}  # markers without a segment
END, SCAN, COMMENT = 0xD9, 0xDA, 0xFE
APPLICATION = range(0xE0, 0xF0)
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
COEFFICIENTS = 64  # of a block
NEEDED = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}  # of the colours; their start and bytes
MARK = bytes((0xFF, END))
FILLERS = (b"\0" * 64, b"\x55" * 64, bytes(range(1, 255, 3)))  # bits that mean different blocks


class Segment(NamedTuple):
    """A marker, where it starts and ends, and its data."""

    marker: int
    start: int
    end: int
    data: bytes


def strip_jpeg(content: bytes) -> StrippedFile:
    """Return the JPEG `content` without comments and application data, except on the colours."""
    pieces, done, exif, xmp = [], 0, b"", b""
    for marker, start, end, data in _segments(content):
        if marker == SCAN:
            break
        if marker not in APPLICATION and marker != COMMENT:
            continue
        if marker == 0xE1 and data.startswith(EXIF_HEADER):
            exif += data.removeprefix(EXIF_HEADER) if exif else data
        elif marker == 0xE1 and data.startswith(XMP_HEADER):
            xmp = xmp or data
        begins, length = NEEDED.get(marker, (b"", 0))
        if not begins or not data.startswith(begins) or len(data) < length:
            pieces.append(content[done:start])
            done = end
    whole = b"".join([*pieces, content[done:]]) if pieces else content
    return StrippedFile(whole, orientation_of(exif, xmp))


def has_end(content: bytes) -> bool:
    """Whether the JPEG `content`, stripped, has an end mark."""
    return content.rfind(MARK) >= 0  # two bytes that are nowhere in the data of pixels


def with_end(content: bytes, read: Callable[[bytes], bytes]) -> bytes:
    """Return the JPEG `content` with the end mark that it lacks.

    `read` decodes the pixels of a whole JPEG. Where the data of all blocks are there, more bits
    after them change nothing; where some are missing, they become blocks.

    Raises:
        OSError: more than the end mark is missing.
    """
    data = content.rstrip(b"\xff").rstrip(b"\0")  # half a mark, and a lost cluster of a disk
    data = data + b"\0" if data.endswith(b"\xff") else data
    if _has_all_scans(content):
        pixels = read(data + MARK)
        if all(read(data + filler + MARK) == pixels for filler in FILLERS):
            return data + MARK
    raise OSError("image file is truncated")


def _segments(content: bytes) -> Iterator[Segment]:
    """Yield the whole segments of `content`; other bytes between them are skipped."""
    offset = 2
    while (offset := content.find(b"\xff", offset)) >= 0:
        start = offset
        while content[offset : offset + 1] == b"\xff":
            offset += 1
        if offset + 3 > len(content) or content[offset] == END:
            return
        marker = content[offset]
        offset += 1
        if marker in ALONE:
            continue
        (length,) = struct.unpack_from(">H", content, offset)
        if length < 2 or offset + length > len(content):
            return
        yield Segment(marker, start, offset + length, content[offset + 2 : offset + length])
        offset += length


def _has_all_scans(content: bytes) -> bool:
    """Whether every coefficient of every component is in a scan that has begun."""
    missing: dict[int, set[int]] = {}
    for marker, _, _, data in _segments(content):
        if marker in FRAMES and len(data) >= 6:
            last = COEFFICIENTS if marker in PROGRESSIVE else 1
            missing = {data[index]: set(range(last)) for index in range(6, len(data) - 2, 3)}
        elif marker == SCAN and data and len(data) >= 4 + 2 * data[0]:
            names = data[1 : 1 + 2 * data[0] : 2]
            first, last, bits = data[1 + 2 * data[0] : 4 + 2 * data[0]]
            if not bits & 15:  # else a later scan refines them
                for name in names:
                    missing.get(name, set()).difference_update(range(first, last + 1))
    return bool(missing) and not any(missing.values())
