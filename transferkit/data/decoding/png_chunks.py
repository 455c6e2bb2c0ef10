"""PNG files without the chunks that no pixel needs, which may be damaged."""

from __future__ import annotations

import struct
import zlib

from transferkit.data.decoding.metadata import UNREADABLE, UPRIGHT, StrippedFile, orientation_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED = {b"tRNS"}  # of the ancillary chunks: the transparent colour
ANCILLARY = 0x20  # the bit of a chunk's first letter
FRAME = 12  # bytes of a chunk beside its data: length, kind, checksum
MAX_TEXT = 2**20  # bytes: the XMP of a photograph has a few thousand
TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def strip_png(content: bytes) -> StrippedFile:
    """Return the PNG `content` with its critical chunks and transparency alone, not animated."""
    pieces, start = [content[: len(SIGNATURE)]], len(SIGNATURE)
    exif, xmp, broken = b"", b"", False
    while start + FRAME <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        kind, end = content[start + 4 : start + 8], start + FRAME + length
        if kind == b"IEND" or end > len(content):
            break
        if not kind[0] & ANCILLARY or kind in NEEDED:
            pieces.append(content[start:end])
        elif kind == b"eXIf" or kind in TEXTS:
            data = content[start + 8 : end - 4]
            whole = zlib.crc32(kind + data) == struct.unpack_from(">I", content, end - 4)[0]
            broken = broken or (kind == b"eXIf" and not whole)
            if kind == b"eXIf" and whole:
                exif = data
            elif whole:
                exif, xmp = _from_text(kind, data, exif, xmp)
        start = end
    orientation = orientation_of(exif, xmp)
    if broken and orientation == UPRIGHT:
        orientation = UNREADABLE
    # The rest is the end, or damaged, and Pillow refuses it.
    return StrippedFile(b"".join([*pieces, content[start:]]), orientation)


def _from_text(kind: bytes, data: bytes, exif: bytes, xmp: bytes) -> tuple[bytes, bytes]:
    """Return `exif` and `xmp`, one of them replaced by that in the text chunk."""
    keyword, _, text = data.partition(b"\0")
    if keyword == b"XML:com.adobe.xmp" and kind == b"iTXt":
        return exif, _international(text) or xmp
    if keyword == b"Raw profile type exif" and not exif:
        return _from_hexadecimal(_inflated(text[1:]) if kind == b"zTXt" else text), xmp
    return exif, xmp


def _international(text: bytes) -> bytes:
    """Return the text of an iTXt chunk after its keyword."""
    compressed, rest = text[:1] == b"\1", text[2:].split(b"\0", 2)  # language, keyword, text
    value = rest[2] if len(rest) == 3 else b""
    return _inflated(value) if compressed else value[:MAX_TEXT]


def _inflated(compressed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(compressed, MAX_TEXT)
    except zlib.error:
        return b""


def _from_hexadecimal(text: bytes) -> bytes:
    """Return the EXIF in a text of ImageMagick: a name, a length, and hexadecimal digits."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
