"""What is odd about files that can be read: their endings, their pixels, how they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from transferkit.data.scan import last_names, named

ENDINGS = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "MPO": {".jpg", ".jpeg", ".mpo"},
    "PNG": {".png"},
    "WEBP": {".webp"},
    "GIF": {".gif"},
    "BMP": {".bmp", ".dib"},
    "TIFF": {".tif", ".tiff"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm"},
}
GREY = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"}
# By Pillow's modes: what is seldom among photographs, and what decoding makes of it.
MODES = {
    "Files with an alpha channel, which is blended on white": {"RGBA", "LA", "PA", "La", "RGBa"},
    "Files with a palette, which becomes colours": {"P"},
    "Files with 16 bits or more, which are scaled to 8": {"I", "I;16", "I;16B", "I;16L", "F"},
    "CMYK files, which become RGB": {"CMYK"},
}


def oddities(files: pd.DataFrame) -> list[str]:
    """Sentences that name the odd ones among `files` (as `inspect_files` gives them)."""
    good = files[files["problem"] == ""]
    return [f"{what} ({len(odd)}): {named(last_names(odd['path']))}." for what, odd in _odd(good)]


def _odd(files: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """What the files of a frame have in common, and the frame; none is empty."""
    endings = pd.Series([Path(path).suffix.lower() for path in files["path"]], files.index)
    wrong = pd.Series(
        [end not in ENDINGS[kind] for end, kind in zip(endings, files["format"], strict=True)],
        files.index,
        dtype=bool,
    )
    for (kind, ending), odd in files[wrong].groupby([files["format"], endings]):
        yield f"{kind} files named {ending or 'without an ending'}", odd
    found = {what: files[files["mode"].isin(modes)] for what, modes in MODES.items()}
    found["Files turned by EXIF, which are put upright"] = files[
        files["orientation"].astype(int) > 1
    ]
    grey = files["mode"].isin(GREY)
    if 0 < grey.sum() <= len(files) / 2:  # where most are, the others are the odd ones
        found["Grey files among others in colour"] = files[grey]
    yield from ((what, odd) for what, odd in found.items() if len(odd))
