"""Formats of files, by their first bytes; those that are read, and how to convert others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from PIL import features
from PIL.ImageFile import ImageFile

HEAD = 512  # bytes that tell every format below
SHOWN_BYTES = 16  # of a file that is no image, in the message
RAW = "develop it with the camera's software, or with darktable"


class Signature(NamedTuple):
    """The format `name` of files with the bytes `start` at `offset`."""

    name: str
    start: bytes
    offset: int = 0
    also: tuple[int, bytes] | None = None


class Foreign(NamedTuple):
    """A format that is not read: a sentence has its `title`, and then how to `convert` it."""

    signature: Signature
    title: str
    convert: str


SIGNATURES = (
    Signature("JPEG", b"\xff\xd8\xff"),
    Signature("PNG", b"\x89PNG\r\n\x1a\n"),
    Signature("WEBP", b"RIFF", also=(8, b"WEBP")),
    Signature("GIF", b"GIF87a"),
    Signature("GIF", b"GIF89a"),
    Signature("BMP", b"BM"),
    *(Signature("TIFF", head) for head in (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0")),
    *(Signature("TIFF", head) for head in (b"II+\0", b"MM\0+")),
)
PPM = b"0123456fy"  # the second letter of Pillow's PPM family, after a P
FORMATS = (*dict.fromkeys(signature.name for signature in SIGNATURES), "PPM")  # any Pillow's
BOX = b"ftyp"  # of the ISO base media file format, at byte 4
AVIF = (b"avif", b"avis")
HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
JPEG_2000 = "save it as PNG, for example with ImageMagick: magick FILE.jp2 FILE.png"
FOREIGN = (
    Foreign(
        Signature("JPEG XL", b"\xff\x0a"),
        "JPEG XL",
        "save it as PNG, for example with libjxl: djxl FILE.jxl FILE.png",
    ),
    Foreign(
        Signature("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n"),
        "JPEG XL",
        "save it as PNG, for example with libjxl: djxl FILE.jxl FILE.png",
    ),
    Foreign(Signature("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n"), "JPEG 2000", JPEG_2000),
    Foreign(Signature("JPEG 2000", b"\xff\x4f\xff\x51"), "JPEG 2000", JPEG_2000),
    Foreign(
        Signature("DICOM", b"DICM", 128),
        "DICOM (a medical image)",
        "save its window as PNG, for example with DCMTK: dcmj2pnm +on FILE.dcm FILE.png",
    ),
    Foreign(
        Signature("NIfTI", b"n+1\0", 344),
        "NIfTI (a medical volume)",
        "save the slices to look at as PNG, for example with med2image",
    ),
    Foreign(Signature("PSD", b"8BPS"), "a Photoshop document", "export it as PNG"),
    Foreign(Signature("OpenEXR", b"v/1\x01"), "OpenEXR", "save it as PNG, or as TIFF of floats"),
    Foreign(Signature("Radiance", b"#?RADIANCE"), "Radiance HDR", "save it as PNG"),
    Foreign(Signature("PDF", b"%PDF"), "a PDF", "save its pages as PNG: pdftoppm -png FILE.pdf P"),
    Foreign(Signature("SVG", b"<svg"), "SVG (a drawing of lines)", "export it as PNG"),
    Foreign(Signature("ICO", b"\0\0\1\0"), "an icon (ICO)", "save it as PNG"),
    Foreign(Signature("RAF", b"FUJIFILMCCD-RAW"), "a raw photograph (Fujifilm)", RAW),
    Foreign(Signature("ORF", b"IIRO"), "a raw photograph (Olympus)", RAW),
    Foreign(Signature("RW2", b"IIU\0"), "a raw photograph (Panasonic)", RAW),
    Foreign(Signature("CR2", b"II*\0", also=(8, b"CR\2")), "a raw photograph (Canon)", RAW),
    Foreign(Signature("CR3", BOX + b"crx ", 4), "a raw photograph (Canon)", RAW),
    Foreign(Signature("NumPy", b"\x93NUMPY"), "a NumPy array", "save its images as PNG"),
    Foreign(Signature("HDF5", b"\x89HDF\r\n\x1a\n"), "HDF5", "save its images as PNG"),
    Foreign(
        Signature("LFS", b"version https://git-lfs"),
        "a Git LFS pointer in place of the image",
        "fetch the image with: git lfs pull",
    ),
)
EXTENSIONS = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"},
    "PNG": {".png"},
    "WEBP": {".webp"},
    "GIF": {".gif"},
    "BMP": {".bmp", ".dib"},
    "TIFF": {".tif", ".tiff"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm", ".pfm"},
    "AVIF": {".avif", ".avifs"},
    "HEIF": {".heic", ".heif", ".hif"},
}
"""Extensions of the files of each format that is read; its content decides, not its name."""
Opener = Callable[..., ImageFile]


class FormatError(Exception):
    """Reason why a file's format is not read, as the end of a sentence after the file's name."""


def format_of(head: bytes) -> str:
    """Return Pillow's name of the format of a file that starts with `head`.

    Raises:
        FormatError: it is not read.
    """
    for foreign in FOREIGN:
        if matches(head, foreign.signature):
            raise FormatError(f"is {foreign.title}, which is not read: {foreign.convert}")
    for signature in SIGNATURES:
        if matches(head, signature):
            return signature.name
    if head[:1] == b"P" and head[1:2] and head[1] in PPM:
        return "PPM"
    if head[4:8] == BOX:
        return _of_box(head)
    raise FormatError(
        f"is not an image of a known format ({', '.join(FORMATS)}): "
        f"it starts with {repr(head[:SHOWN_BYTES])[1:]}"
    )


def matches(head: bytes, signature: Signature) -> bool:
    """Whether `head` matches `signature`."""
    if signature.also is not None:
        offset, second = signature.also
        if not head.startswith(second, offset):
            return False
    return head.startswith(signature.start, signature.offset)


def _of_box(head: bytes) -> str:
    """Return the format of an ISO media file, by its brands: the first one is its own."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[offset : offset + 4] for offset in range(16, size - 3, 4))]
    if brands[0] in AVIF or (brands[0] in (b"mif1", b"msf1") and set(AVIF) & set(brands)):
        if not features.check("avif"):
            raise FormatError(
                "is AVIF, which this Pillow was built without: update Pillow, or save it as PNG"
            )
        return "AVIF"
    if brands[0] in HEIF:
        if heif_opener() is None:
            raise FormatError(
                "is HEIC (a phone's photograph), for which pillow-heif is needed: "
                "pip install 'transferkit[heif]', or save it as JPEG"
            )
        return "HEIF"
    brand = repr(brands[0])[1:]
    raise FormatError(
        f"is a film or another file in MPEG-4's format (its brand is {brand}), which is not read: "
        "save the pictures to use as JPEG or PNG"
    )


@cache
def heif_opener() -> Opener | None:
    """Return the class that opens HEIC; None where pillow-heif is not installed."""
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        return None
    return HeifImageFile
