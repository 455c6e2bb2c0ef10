"""First directory of a TIFF, as in EXIF: read, and rewritten with fewer tags."""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import NamedTuple

ORIENTATION = 274
BIG = 43  # the version of BigTIFF, whose offsets have 8 bytes
NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}  # integer types
MAX_VALUES = 1024  # of a tag: those that are read here have one per band


class TiffError(Exception):
    """There is no directory that can be read."""


class Entry(NamedTuple):
    """A tag as it is stored: `raw` is all of it, `inline` its values or their offset."""

    tag: int
    kind: int
    length: int
    inline: bytes
    raw: bytes


class Directory(NamedTuple):
    """The first directory of `content`; `order` is `<` or `>`, `declared` its number of entries."""

    content: bytes
    order: str
    big: bool
    declared: int
    entries: list[Entry]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the values of `tag`; empty where it is missing, or has no integers."""
        entry = next((entry for entry in self.entries if entry.tag == tag), None)
        if entry is None or entry.kind not in NUMBERS or not 0 < entry.length <= MAX_VALUES:
            return ()
        form = f"{self.order}{entry.length}{NUMBERS[entry.kind]}"
        stored = entry.inline
        if struct.calcsize(form) > len(stored):
            start = struct.unpack(self.order + ("Q" if self.big else "I"), stored)[0]
            stored = self.content[start : start + struct.calcsize(form)]
        if struct.calcsize(form) > len(stored):
            return ()
        return struct.unpack_from(form, stored)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of `tag`."""
        return (*self.numbers(tag), default)[0]

    def require_whole(self) -> None:
        """Raise `TiffError` if entries are missing."""
        if len(self.entries) < self.declared:
            raise TiffError

    def with_entry(self, tag: int) -> Directory:
        """Return the directory with one more entry, for a change to fill; sorted by tags."""
        entry = Entry(tag, 3, 1, b"", b"")
        entries = sorted([*self.entries, entry], key=lambda entry: entry.tag)
        return self._replace(entries=entries)

    def with_tags(self, tags: Collection[int], changes: dict[int, int]) -> bytes:
        """Return the content with a directory of these `tags` alone, and changed values."""
        count, offset = ("Q", "Q") if self.big else ("H", "I")
        entries = [self._changed(entry, changes) for entry in self.entries if entry.tag in tags]
        directory = struct.pack(self.order + count, len(entries)) + b"".join(entries)
        directory += struct.pack(self.order + offset, 0)  # no other image follows
        head = 8 if self.big else 4  # bytes before the offset of the directory
        start = len(self.content) + len(self.content) % 2
        pointer = struct.pack(self.order + offset, start)
        rest = self.content[head + len(pointer) :]
        return self.content[:head] + pointer + rest + b"\0" * (len(self.content) % 2) + directory

    def _changed(self, entry: Entry, changes: dict[int, int]) -> bytes:
        if entry.tag not in changes:
            return entry.raw
        count = struct.pack(self.order + ("Q" if self.big else "I"), 1)
        value = struct.pack(self.order + "H", changes[entry.tag]).ljust(len(count), b"\0")
        return struct.pack(self.order + "HH", entry.tag, 3) + count + value


def read_directory(content: bytes) -> Directory:
    """Read the first directory of the TIFF or EXIF `content`, as many entries as there are.

    Raises:
        TiffError: it does not start as a TIFF, or there is nothing where the directory should be.
    """
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None:
        raise TiffError
    try:
        big = struct.unpack_from(order + "H", content, 2)[0] == BIG
        start = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)[0]
        declared = struct.unpack_from(order + ("Q" if big else "H"), content, start)[0]
    except (struct.error, OverflowError) as error:
        raise TiffError from error
    start += 8 if big else 2
    size = 20 if big else 12
    entries = []
    for position in range(start, min(start + size * declared, len(content) - size + 1), size):
        raw = content[position : position + size]
        tag, kind = struct.unpack_from(order + "HH", raw)
        count = struct.unpack_from(order + ("Q" if big else "I"), raw, 4)[0]
        entries.append(Entry(tag, kind, count, raw[12 if big else 8 :], raw))
    return Directory(content, order, big, declared, entries)
