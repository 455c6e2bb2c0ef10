"""What is odd about files that can be read: their endings, their pixels, how they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from transferkit.data.decoding.metadata import UNREADABLE
from transferkit.data.quality.findings import Row

ENDINGS = {
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
GREY = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"}
# By Pillow's modes: what is seldom among photographs, by the name of its finding.
MODES = {
    "alpha": {"RGBA", "LA", "PA", "La", "RGBa"},
    "palette": {"P"},
    "sixteen_bit": {"I", "I;16", "I;16B", "I;16L", "F"},
    "cmyk": {"CMYK"},
}


def check_files(files: pd.DataFrame) -> Iterator[Row]:
    """A row for each odd one among `files` (as `inspect_files` gives them), and what is odd."""
    good = files[files["problem"] == ""]
    grey = good["mode"].isin(GREY)
    odd_grey = grey.sum() <= len(good) / 2  # where most are, the others are the odd ones
    columns = ("path", "format", "mode", "orientation", "values")
    for path, kind, mode, turn, values in zip(
        *(good[name].tolist() for name in columns), strict=True
    ):
        ending = Path(path).suffix.lower()
        if ending not in ENDINGS[kind]:
            name = ending or "without an ending"
            yield "wrong_ending", path, f"is a {kind} file named {name}", ""
        for finding, modes in MODES.items():
            if mode in modes:
                yield finding, path, f"has Pillow's mode {mode}", ""
        if values == "uint16" and mode not in MODES["sixteen_bit"]:
            yield "sixteen_bit", path, "has colours of 16 bits", ""
        if turn > 1:
            yield "rotated", path, f"has the EXIF orientation {turn}", ""
        if turn == UNREADABLE:
            yield "unreadable_exif", path, "may be on its side, if it was taken so", ""
        if odd_grey and mode in GREY:
            yield "grey", path, f"has Pillow's mode {mode}", ""
