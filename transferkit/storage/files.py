"""Files that are written whole or not at all, and by what a file is known."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from secrets import token_hex

from transferkit.storage.disk_cache import PARTIAL

DIGESTS = 8  # of weights, kept in memory
Stamp = tuple[int, int]


def write_atomically(path: Path, *parts: bytes | memoryview) -> None:
    """Write the file `path`, so that it is there whole or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f"{PARTIAL}{token_hex(8)}"
    try:
        with open(beside, "xb") as file:
            for part in parts:
                file.write(part)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def stamp(path: str) -> Stamp:
    """When the file was last changed, in nanoseconds, and its bytes; zeros where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=DIGESTS)
def file_digest(path: str, stamp: Stamp) -> str:
    """The SHA-256 of the file `path`, which had this `stamp`."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
