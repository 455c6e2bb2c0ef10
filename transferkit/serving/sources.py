"""Sources of images to predict: files, folders, patterns, lists; read lazily, in a fixed order."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from transferkit.data.decoding.in_memory import ImageSource, as_bytes
from transferkit.data.sources.folder.folder_names import is_system
from transferkit.data.sources.folder.tree import identity_of
from transferkit.data.sources.folder.walk import walk_files
from transferkit.errors import DataError
from transferkit.serving.listed_files import URL, csv_paths, listed_paths

STDIN = "-"  # the list of files on standard input
IN_MEMORY = (bytes, bytearray, memoryview, np.ndarray, Image.Image)


def files_of(
    sources: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None = None
) -> Iterator[str]:
    """Yield the files that `sources` name, each source in turn, those of folders sorted.

    A source is a file, a folder, a pattern such as `photos/**/*.jpg`, or a .csv of paths; with
    `stdin`, `-` is the list of files in it. Hidden files of folders are left out. Files that a list
    names need not exist.

    Raises:
        DataError: one of them does not exist, is a URL, or is no such list.
    """
    for source in sources:
        for path in _expand(os.fspath(source), stdin):
            if URL.match(path):
                raise DataError(
                    f"{path!r} is a URL, and images are read from disk: download it first, for "
                    "example with curl, aws s3 cp or gsutil cp, and give the file or its folder."
                )
            yield path


def count_files(sources: Sequence[str | os.PathLike[str]]) -> int | None:
    """Return the number of files in `sources`, without opening them; None with standard input.

    Raises:
        DataError: as `files_of`, or there is no file in any of them.
    """
    if any(os.fspath(source) == STDIN for source in sources):
        for _ in files_of(source for source in sources if os.fspath(source) != STDIN):
            pass
        return None
    count = sum(1 for _ in files_of(sources))
    if not count:
        raise no_files()
    return count


def no_files() -> DataError:
    """Return the error for sources without a file."""
    return DataError("There is no file to predict: give image files, or folders of them.")


def as_sources(sources: ImageSource | Iterable[ImageSource]) -> Iterable[Any]:
    """Return `sources` as an iterable; an array of four axes is several images."""
    single = (
        isinstance(sources, (str, os.PathLike, *IN_MEMORY)) and getattr(sources, "ndim", 3) != 4
    )
    return [sources] if single else sources  # type: ignore[return-value]


def named_images(sources: Iterable[Any]) -> Iterator[tuple[str, str | bytes]]:
    """Yield name and path of each file of `sources`, name and content of each image in memory.

    The name of an image in memory is `image 0` for the first of the sources, and so on.

    Raises:
        DataError: as `files_of`, or a source is no image.
    """
    for position, source in enumerate(sources):
        if isinstance(source, (str, os.PathLike)):
            yield from ((path, path) for path in files_of([source]))
        else:
            yield f"image {position}", as_bytes(source, f"Image {position}")


def _expand(source: str, stdin: BinaryIO | None) -> Iterator[str]:
    if source == STDIN and stdin is not None:
        yield from listed_paths(stdin)
    elif URL.match(source):
        yield source
    elif os.path.isdir(source):
        yield from walk_files(Path(source))
    elif os.path.lexists(source):
        is_list = source.lower().endswith(".csv")
        yield from csv_paths(Path(source)) if is_list else [str(Path(source))]
    elif glob.has_magic(source):
        yield from _matches(source)
    else:
        raise DataError(f"There is no file or folder {source!r} to predict.")


def _matches(pattern: str) -> Iterator[str]:
    """Yield the files that `pattern` matches, sorted by folder; of a folder, all that is in it.

    Raises:
        DataError: there is none.
    """
    head, tail = os.path.split(pattern.rstrip("/"))
    if tail == "**":
        head, tail = os.path.join(head, "**"), "*"
    folders = sorted(glob.iglob(f"{head}/", recursive=True)) if glob.has_magic(head) else [head]
    walked: set[Path] = set()
    none = True
    for folder in map(Path, folders):
        if not walked.isdisjoint((folder, *folder.parents)) or _is_loop(folder):
            continue
        for path in (folder / name for name in _matching_names(folder, tail)):
            if path.is_dir():
                walked.add(path)
            for file in walk_files(path) if path in walked else [str(path)]:
                none = False
                yield file
    if none:
        raise DataError(f"No file matches the pattern {pattern!r}.")


def _matching_names(folder: Path, pattern: str) -> list[str]:
    names = sorted(name for name in _listed(folder) if not is_system(name))
    return fnmatch.filter(names, pattern)


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_loop(folder: Path) -> bool:
    """Return whether `folder` is a link to one of its parents, or no folder."""
    if not folder.is_dir():
        return True
    identity = identity_of(folder)
    return any(identity_of(parent) == identity for parent in folder.parents)
