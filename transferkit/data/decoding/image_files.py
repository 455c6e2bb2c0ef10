"""Content of an image file, read once and only if it starts as an image does."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from transferkit.data.decoding.formats import HEAD, FormatError, format_of

MAX_PIXEL_BYTES = 16  # four bands of 32 bits
MAX_METADATA = 2**26  # bytes


class ImageError(Exception):
    """Reason why an image cannot be read, as the end of a sentence after the file's name."""


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open the regular file `path`: a pipe or a device would never end.

    Raises:
        ImageError: it cannot be opened.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageError("cannot be opened: it is not a regular file")
        return open(path, "rb")
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror or error}") from error
    except ValueError as error:
        raise ImageError("cannot be opened: there is a zero byte in its name") from error


def read_content(file: BinaryIO, max_pixels: int) -> bytes:
    """Read all of `file`, if it starts as an image does.

    Raises:
        ImageError: it is empty, of no format that is read, larger than `max_pixels` allow, or it
            cannot be read.
    """
    try:
        head = file.read(HEAD)
        require_format(head)
        bound = max_pixels * MAX_PIXEL_BYTES + MAX_METADATA
        size = os.fstat(file.fileno()).st_size
        if size > bound:
            raise ImageError(
                f"has {size} bytes, more than an image of the {max_pixels} pixels of "
                "--data.max-pixels takes"
            )
        return head + file.read()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from error


def require_format(head: bytes) -> str:
    """Return the format of a file that starts with `head`.

    Raises:
        ImageError: it is empty, or not read.
    """
    if not head:
        raise ImageError("is empty (0 bytes)")
    try:
        return format_of(head)
    except FormatError as problem:
        raise ImageError(str(problem)) from problem
