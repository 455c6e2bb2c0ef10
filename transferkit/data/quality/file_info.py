"""Facts on files: format, size and digest, or the reason why a file cannot be read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pandas as pd
from PIL import Image

from transferkit.data.decoding.decode import KEY, in_threads
from transferkit.data.decoding.formats import HEAD, FormatError, format_of
from transferkit.data.decoding.image_files import ImageError, open_file, read_content
from transferkit.data.decoding.pixels import open_image, unpack
from transferkit.data.decoding.value_range import Range, Values
from transferkit.data.quality.near_duplicates import perceptual_hash, shrink
from transferkit.runtime.progress import track

SKETCH = "sketch"  # the column of the perceptual hash
COLUMNS = (
    "path",
    "bytes",
    "format",
    "mode",
    "width",
    "height",
    "orientation",
    "values",
    "low",
    "high",
    "digest",
    "problem",
)
BLOCK = 2**20  # bytes read at a time
CHECK_SIZE = 32  # pixels: a JPEG is read whole even so, at an eighth of the cost of its pixels


def inspect_files(
    sources: Sequence[str | bytes],
    max_pixels: int,
    *,
    sketched: bool = False,
    value_range: Range | None = (),
) -> pd.DataFrame:
    """Return one row per file, in order: `COLUMNS`; `problem` is empty for readable images.

    `sources` are paths, or the contents of files as bytes, whose path is empty.
    `orientation` is EXIF's, 1 to 8, or 0 where that cannot be read; `digest` is the SHA-256 of
    the content. With `sketched` there is one more column, `SKETCH`: the `perceptual_hash` of the
    image, empty where it has a problem. `values`, `low` and `high` are those of `Values`.
    `value_range` is that of `decode`: images that it refuses have a problem.
    """

    def inspect(source: str | bytes) -> tuple[dict[str, object], Image.Image | None]:
        return _inspect(source, max_pixels, sketched, value_range)

    results = track(in_threads(inspect, sources), len(sources), doing="Checking files")
    # Hashes hold Python's lock: in the threads that decode, they took twice the time of these.
    rows = [row | {SKETCH: perceptual_hash(grey) if grey else b""} for row, grey in results]
    return frame_of(rows, sketched=sketched)


def frame_of(rows: Sequence[Mapping[str, object]], *, sketched: bool) -> pd.DataFrame:
    """Return `rows` with `COLUMNS`, and `SKETCH` if `sketched`, as a frame of `inspect_files`."""
    # Objects, since pandas may keep `str` as UTF-8, and not every file name is.
    columns = [*COLUMNS, SKETCH] if sketched else list(COLUMNS)
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    whole = dict.fromkeys(("bytes", "width", "height", "orientation"), int)
    return frame.astype(whole | dict.fromkeys(("low", "high"), float))


def wide_files(paths: Sequence[str], max_pixels: int) -> pd.DataFrame:
    """Return the rows of `inspect_files` for files that may have more than 8 bits."""
    wide = [path for path in paths if _may_be_wide(path)]
    return inspect_files(wide, max_pixels, value_range=None)


def _may_be_wide(path: str) -> bool:
    """Whether a file is in a format that has such values: TIFF, PPM, and PNG of 16 bits."""
    try:
        with open_file(path) as file:
            head = file.read(HEAD)
        kind = format_of(head)
    except (ImageError, FormatError, OSError):
        return False
    return kind in ("TIFF", "PPM") or (kind == "PNG" and head[24:25] == b"\x10")


def content_keys(paths: Sequence[str]) -> list[bytes]:
    """Return the first 16 bytes of each file's SHA-256; empty for one that cannot be read."""
    return list(in_threads(_content_key, paths))


def _content_key(path: str) -> bytes:
    try:
        with open_file(path) as file:
            return bytes.fromhex(_digest(file))[:KEY]
    except (ImageError, OSError):
        return b""


def _inspect(
    source: str | bytes, max_pixels: int, sketched: bool, value_range: Range | None
) -> tuple[dict[str, object], Image.Image | None]:
    """Return the row of a file, and the image for its sketch: None where it has a problem."""
    row: dict[str, object] = dict.fromkeys(COLUMNS, "")
    grey = None
    row |= {"bytes": 0, "width": 0, "height": 0, "orientation": 1}
    row |= Values()._asdict()
    try:
        if isinstance(source, bytes):
            content, row["bytes"] = source, len(source)
        else:
            row["path"] = source
            with open_file(source) as file:
                row["bytes"] = os.fstat(file.fileno()).st_size
                content = read_content(file, max_pixels)
        picture = open_image(content, max_pixels)
        image = picture.image
        row |= {"format": image.format, "mode": image.mode}
        row |= {"width": image.width, "height": image.height}
        row["orientation"] = picture.file.orientation
        pixels = unpack(picture, CHECK_SIZE, value_range)
        row |= picture.grey._asdict()
        row["digest"] = hashlib.sha256(content).hexdigest()
        grey = shrink(pixels) if sketched else None
    except ImageError as problem:
        row["problem"] = str(problem)
    return row, grey


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
