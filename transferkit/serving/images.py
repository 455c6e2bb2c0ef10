"""Images to predict, however they are given, as files that every classifier reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from transferkit.data.sources.folder.image_folder import files_below
from transferkit.errors import DataError

IN_MEMORY = (bytes, bytearray, memoryview, np.ndarray, Image.Image)
Source: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | np.ndarray | Image.Image
)


def find_files(sources: Sequence[str | Path]) -> list[str]:
    """The files that `sources` name, those of folders sorted, hidden ones left out.

    Raises:
        DataError: one of them does not exist, or there is no file in any.
    """
    files: list[str] = []
    for source in map(Path, sources):
        if source.is_dir():
            files += files_below(source)
        elif source.exists():
            files.append(str(source))
        else:
            raise DataError(f"There is no file or folder {str(source)!r} to predict.")
    if not files:
        raise DataError("There is no file to predict: give image files, or folders of them.")
    return files


def as_files(sources: Sequence[Source], folder: Path) -> tuple[list[str], list[str]]:
    """The name of each image of `sources`, and its file: those in memory are written to `folder`.

    They go the way of any file, so that they are decoded as those are.

    Raises:
        DataError: there is no such file, or a source is nothing that an image can be made of.
    """
    names: list[str] = []
    files: list[str] = []
    for position, source in enumerate(sources):
        if isinstance(source, (str, os.PathLike)):
            below = find_files([source])  # type: ignore[list-item]
            names += below
            files += below
        else:
            names.append(f"image {position}")
            files.append(str(_written(source, position, folder / f"{position}")))
    return names, files


def _written(source: object, position: int, path: Path) -> Path:
    """The file `path` with the image `source` in it, without loss."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        path.write_bytes(source)
        return path
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or not source.size:
            raise DataError(
                f"Image {position} is an array {source.shape} of {source.dtype}: "
                "it should be (height, width, 3) of uint8, RGB."
            )
        source = Image.fromarray(np.ascontiguousarray(source))
    if not isinstance(source, Image.Image):
        raise DataError(
            f"Image {position} is a {type(source).__name__}: give a path, the bytes of an image "
            "file, a PIL image, or an array (height, width, 3) of uint8."
        )
    kind = "PNG" if source.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else "TIFF"
    try:
        source.save(path, kind, exif=source.getexif())
    except Exception as error:  # a file that PIL opened is read here, and may be damaged
        raise DataError(f"Image {position} cannot be read: {error}.") from error
    return path
