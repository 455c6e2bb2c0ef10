"""The folder of all that is kept of frozen backbones: its bound, what is in it, and emptying it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.features.cache.shard import count_images
from transferkit.storage.disk_cache import (
    METADATA_FILE,
    SHARD_EXTENSION,
    last_use,
    locked,
    quantized_networks,
)


@dataclass(frozen=True)
class CachedTable:
    """A table on disk; `used` is when it was last read or written, in seconds since 1970."""

    folder: Path
    about: dict[str, Any]
    images: int
    size: int
    used: float


def list_tables(root: Path) -> list[CachedTable]:
    """Return the tables that are cached below `root`, the last used first."""
    tables = []
    for folder in {path.parent for path in root.glob(f"*/*{SHARD_EXTENSION}")}:
        blocks = [
            (path, stamp)
            for path in folder.glob(f"*{SHARD_EXTENSION}")
            if (stamp := last_use(path))
        ]
        if blocks:
            images = sum(count_images(path) for path, _ in blocks)
            size = sum(size for _, (_, size) in blocks)
            used = max(when for _, (when, _) in blocks) / 1e9
            tables.append(CachedTable(folder, _read_about(folder), images, size, used))
    return sorted(tables, key=lambda table: -table.used)


def size_of_networks(root: Path) -> int:
    """Bytes of the quantised networks below `root`."""
    return sum(
        size_and_time[1] for path in quantized_networks(root) if (size_and_time := last_use(path))
    )


def clear(root: Path) -> None:
    """Remove all that is kept below `root`.

    Raises:
        OSError: they cannot be removed, or another process has not ended its writing.
    """
    if root.is_dir():
        with locked(root):
            for folder in [path for path in root.iterdir() if path.is_dir()]:
                shutil.rmtree(folder)


def _read_about(folder: Path) -> dict[str, Any]:
    try:
        metadata = json.loads((folder / METADATA_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # what it is about is not known, and its features are still good
        return {}
    return metadata if isinstance(metadata, dict) else {}
