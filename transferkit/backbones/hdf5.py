"""HDF5 files of weights, which need not be of this project's making: what they may refer to."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import h5py

MAX_EXPANSION = 1_000  # times the size of the file that its values may take: gzip's best
SLACK = 2**20  # bytes that they may take in any file


class ForeignContentError(ValueError):
    """An HDF5 file whose values are not all in it, as the end of a sentence about it."""


def require_self_contained(file: str | Path | BinaryIO) -> None:
    """Raise unless all that the HDF5 `file` holds is in that file.

    External storage, virtual data sets and links let a file name others, whose bytes would be
    read as weights (CVE-2026-1669); a data set that claims to be huge would take all memory.

    Raises:
        ForeignContentError: something in it refers to another file, or is larger than it can be.
        OSError: it is no HDF5 file, or is damaged.
    """
    with h5py.File(file, "r") as opened:
        seen: set[int] = set()
        waiting: list[h5py.Group] = [opened]
        total = 0
        while waiting:
            group = waiting.pop()
            address = h5py.h5o.get_info(group.id).addr
            if address in seen:
                continue
            seen.add(address)
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ForeignContentError(f"it holds the link {name!r} to elsewhere")
                member = group[name]
                if isinstance(member, h5py.Group):
                    waiting.append(member)
                elif isinstance(member, h5py.Dataset):
                    _require_own_storage(member)
                    total += member.nbytes
        if total > MAX_EXPANSION * opened.id.get_filesize() + SLACK:
            raise ForeignContentError(
                f"its values would take {total:,} bytes, far more than the file can hold"
            )


def _require_own_storage(dataset: h5py.Dataset) -> None:
    if dataset.external:
        raise ForeignContentError(f"{dataset.name!r} in it is stored in another file")
    if dataset.is_virtual:
        raise ForeignContentError(f"{dataset.name!r} in it is put together from other files")
