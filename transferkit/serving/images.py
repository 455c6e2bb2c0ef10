"""Images to predict, as paths or in memory, as files that every classifier reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from transferkit.data.decoding.in_memory import ImageSource, as_bytes
from transferkit.data.sources.folder.image_folder import files_below
from transferkit.errors import DataError

IN_MEMORY = (bytes, bytearray, memoryview, np.ndarray, Image.Image)


def find_files(sources: Sequence[str | Path]) -> list[str]:
    """Return the files that `sources` name, those of folders sorted, without hidden ones.

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


def as_files(sources: Sequence[ImageSource], folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of the images of `sources`, and their files.

    Images in memory are written to `folder`, so that they are decoded like any file.

    Raises:
        DataError: there is no such file, or a source is no image.
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
            file = folder / f"{position}"
            file.write_bytes(as_bytes(source, f"Image {position}"))
            files.append(str(file))
    return names, files
