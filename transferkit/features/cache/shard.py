"""A block: one file of feature vectors, with an index and checksums; written once, never changed.

The file is a head, the index (key, seconds and checksum of each row), and the rows one after the
other, which are mapped into memory and read where they are asked for.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

import numpy as np

from transferkit.storage.disk_cache import SHARD_EXTENSION
from transferkit.storage.files import write_atomically

KEY = 16  # bytes of a key: enough for no two images to share one by chance
HEADER = np.dtype(
    [("name", "S8"), ("rows", "<u4"), ("width", "<u4"), ("bytes", "<u4"), ("check", "<u4")]
)
INDEX = np.dtype([("key", f"V{KEY}"), ("seconds", "<f4"), ("check", "<u4")])
NAME = b"tkblock1"
MIN_FLOAT16 = 2.0**-10  # below it float16 is coarser than 16 bits need to be


class DamagedError(Exception):
    """A block that is truncated or was changed."""


class Shard:
    """A block that exists: `keys`, `seconds` (of computing each row), and the rows on demand.

    `width` is how many numbers a row has, `dtype` that of what is on disk.

    Raises:
        DamagedError: its size or the checksum of its index is wrong.
        OSError: it cannot be read, or is gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            head = _read_head(file.read(HEADER.itemsize), os.fstat(file.fileno()).st_size)
            index = file.read(int(head["rows"]) * INDEX.itemsize)
        if head["check"] != _check_of(head, index):
            raise DamagedError
        entries = np.frombuffer(index, INDEX)
        self.keys: list[bytes] = entries["key"].tolist()
        self.seconds: list[float] = entries["seconds"].tolist()
        self._checks = entries["check"]
        self.width, self.dtype = int(head["width"]), np.dtype(f"<f{head['bytes']}")
        self._values = np.memmap(
            path,
            dtype=self.dtype,
            mode="r",
            offset=HEADER.itemsize + len(index),
            shape=(int(head["rows"]), self.width),
        )

    def row(self, position: int) -> np.ndarray:
        """`(width,)` as it is on disk, unchecked: what has been checked is read without a copy."""
        return self._values[position]

    def check(self, positions: Sequence[int]) -> None:
        """Raise `DamagedError` if the checksum of one of these rows is wrong."""
        for position in positions:
            if zlib.crc32(self._values[position]) != self._checks[position]:
                raise DamagedError

    def rows(self, positions: Sequence[int]) -> np.ndarray:
        """`(positions, width)` float32: the rows at these positions.

        Raises:
            DamagedError: the checksum of one of them is wrong.
        """
        self.check(positions)
        return np.asarray(self._values[list(positions)]).astype(np.float32)


def count_images(path: Path) -> int:
    """How many rows the block `path` says it has, without reading them; 0 where it is damaged."""
    try:
        with open(path, "rb") as file:
            head = _read_head(file.read(HEADER.itemsize), os.fstat(file.fileno()).st_size)
    except (OSError, DamagedError):
        return 0
    return int(head["rows"])


def write_shards(
    folder: Path, keys: Sequence[bytes], seconds: Sequence[float], *, values: np.ndarray
) -> None:
    """Keep the `(images, width)` float32 `values`, exactly, in one new block of `folder` or two.

    Rows that float16 can hold without a loss take half the room; the others, such as those that
    exceed its range, stay float32.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    with np.errstate(over="ignore"):
        halves = values.astype("<f2")
    exact = (halves.astype(np.float32) == values).all(axis=1)
    for stored, chosen in ((halves, exact), (values.astype("<f4"), ~exact)):
        positions = np.flatnonzero(chosen).tolist()
        if positions:
            index = np.empty(len(positions), INDEX)
            index["key"] = [np.void(keys[position]) for position in positions]
            index["seconds"] = [seconds[position] for position in positions]
            index["check"] = [zlib.crc32(stored[position]) for position in positions]
            _write(folder, index, np.ascontiguousarray(stored[positions]))


def shard_size(images: int, width: int, *, item_bytes: int = 4) -> int:
    """Bytes that so many rows take, of `item_bytes` per number: at most, if it is not given."""
    return 2 * HEADER.itemsize + images * (INDEX.itemsize + item_bytes * width)


def round_to_float16(values: np.ndarray) -> np.ndarray:
    """`(images, width)` float32 with the digits of float16, rows that it cannot hold as they are.

    Those are the ones beyond its range, and those with nothing but tiny numbers.
    """
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16).astype(np.float32)
    held = np.isfinite(halves).all(axis=1) & (np.abs(values).max(axis=1, initial=0) >= MIN_FLOAT16)
    return np.where(held[:, np.newaxis], halves, values)


def _write(folder: Path, index: np.ndarray, values: np.ndarray) -> None:
    head = np.array((NAME, *values.shape, values.itemsize, 0), HEADER)
    head["check"] = _check_of(head, index.tobytes())
    path = folder / f"{token_hex(8)}{SHARD_EXTENSION}"
    write_atomically(path, head.tobytes(), index.tobytes(), values.data)


def _read_head(content: bytes, size: int) -> np.ndarray:
    """The head of a file of `size` bytes that begins with `content`."""
    if len(content) < HEADER.itemsize:
        raise DamagedError
    head = np.frombuffer(content, HEADER)[0]
    rows, width, item = int(head["rows"]), int(head["width"]), int(head["bytes"])
    whole = HEADER.itemsize + rows * (INDEX.itemsize + width * item)
    if head["name"] != NAME or item not in (2, 4) or not rows or not width or size != whole:
        raise DamagedError
    return head


def _check_of(head: np.ndarray, index: bytes) -> int:
    sizes = np.array([head["rows"], head["width"], head["bytes"]], "<u4")
    return zlib.crc32(index, zlib.crc32(sizes.tobytes()))
