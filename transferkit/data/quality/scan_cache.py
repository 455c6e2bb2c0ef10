"""Cache of file scans: a source's files are not read again while they stay as they were.

A file is unchanged while its `Stamp` is: git's way, with its caution: a file that changed within
`RECENT` of its scan is not cached, since a clock may be too coarse to tell a second change. Only
files without a problem are.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import transferkit
from transferkit.config.settings import DataConfig
from transferkit.data import decoding
from transferkit.data.quality.file_info import COLUMNS, SKETCH, frame_of, inspect_files
from transferkit.data.quality.near_duplicates import Pair, near_duplicates
from transferkit.errors import RunError
from transferkit.runtime.progress import log
from transferkit.storage.disk_cache import cache_folder
from transferkit.storage.files import NO_FILE, Stamp, digest, stamp, write_text

FORMAT = 5  # to be raised when the file, a fact in it or the search for near duplicates changes
RECENT = 2 * 10**9  # nanoseconds: FAT's times are even seconds
SHARE = 0.05  # of `--cache-gb`, beside it: 400,000 files with that of 5 GB
FACTS = (*COLUMNS[1:-1], SKETCH)  # of a file without a problem, after its stamp
Row = dict[str, Any]


class CachedSource(NamedTuple):
    """The cache file of a source: its last use, in nanoseconds since 1970, and its bytes."""

    used: int
    size: int
    path: Path


def cached_sources() -> list[CachedSource]:
    """Return the cache file of each source, least recently used first."""
    sources = []
    for path in cache_folder("files").glob("[!.]*.json"):
        with suppress(OSError):  # another process has removed it
            facts = path.stat()
            sources.append(CachedSource(facts.st_mtime_ns, facts.st_size, path))
    return sorted(sources)


def inspect_cached(
    source: str, paths: Sequence[str], data: DataConfig, *, anew: bool = False
) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the rows of `inspect_files`, sketched, and the `near_duplicates` among `paths`.

    Files of `source` that have not changed are not read again, unless `anew`. The cache is bounded
    by `data.cache_gb`; with 0, or where nothing can be written there, nothing is cached.
    """
    cache = ScanCache(source, data, anew=anew)
    stamps = {path: _readable_stamp(path) for path in paths}  # before the scan: later changes show
    rows = cache.read(stamps)
    missing = [path for path in paths if path not in rows]
    scanned = inspect_files(missing, data.max_pixels, sketched=True, value_range=None)
    for row in scanned.to_dict("records"):
        rows[row["path"]] = {str(name): value for name, value in row.items()}
    files = frame_of([rows[path] for path in paths], sketched=True)
    near = cache.near_duplicates(files) if data.near_duplicates else []
    cache.write(stamps, rows, changed=len(missing) > 0)
    return files, near


class ScanCache:
    """The cached scans of one source; those of other versions of the packages are ignored."""

    def __init__(self, source: str, data: DataConfig, *, anew: bool) -> None:
        self.data = data
        name = digest(os.fsencode(os.path.abspath(source))).hex()[:16]
        self.path = cache_folder("files") / f"{name}.json"
        self.began = time.time_ns()
        self.bound = int(data.cache_bytes * SHARE)
        self.facts: dict[str, list[Any]] = {}
        self.search: dict[str, Any] = {}
        self.searched = False
        if self.bound and not anew:
            self._load()

    def read(self, stamps: dict[str, Stamp]) -> dict[str, Row]:
        """Return the cached rows, by path, of the files whose stamps have not changed."""
        rows = {}
        for path, current in stamps.items():
            cached, *facts = self.facts.get(path, [NO_FILE])
            if current == NO_FILE or current != Stamp(*cached):
                continue
            row = {"path": path, "problem": ""} | dict(zip(FACTS, facts, strict=True))
            row[SKETCH] = b64decode(row[SKETCH])
            if row["width"] * row["height"] <= self.data.max_pixels:
                rows[path] = row
        return rows

    def near_duplicates(self, files: pd.DataFrame) -> list[Pair]:
        """Return the `near_duplicates` of `files`, cached from a search of the very same files."""
        table = files[["digest", "width", "height"]].to_csv(index=False)  # no digest: a problem
        key = digest(f"{self.data.max_pixels},{table}".encode()).hex()
        if self.search.get("key") != key:
            pairs = near_duplicates(files, self.data.max_pixels)
            self.search, self.searched = {"key": key, "pairs": pairs}, True
        return [(first, second) for first, second in self.search["pairs"]]

    def write(self, stamps: dict[str, Stamp], rows: dict[str, Row], *, changed: bool) -> None:
        """Cache `rows`, by path, and the last search; the least recently used source goes first."""
        if not self.bound or not (changed or self.searched):
            return
        settled = self.began - RECENT
        self.facts = {
            path: [stamps[path], *_values(row)]
            for path, row in rows.items()
            if not row["problem"]
            and stamps[path] != NO_FILE
            and max(stamps[path].modified, stamps[path].changed) < settled
        }
        text = json.dumps({"by": cache_key(), "files": self.facts, "search": self.search})
        text = f"{_checksum(text)}\n{text}"
        if len(text) > self.bound:
            return
        try:
            evict(self.bound - len(text), except_for=self.path)
            write_text(self.path, text)
        except (RunError, OSError):  # the next run scans again, as without a cache
            return

    def _load(self) -> None:
        try:
            checksum, _, text = self.path.read_text(encoding="ascii").partition("\n")
        except UnicodeDecodeError:
            checksum, text = "", "damaged"
        except OSError:  # there is none, or it is not ours to read
            return
        with suppress(OSError):  # of another user
            os.utime(self.path)  # marks it as used
        if checksum != _checksum(text):
            log(
                f"The file information cached in {str(self.path)!r} is damaged: the files are "
                "read again."
            )
            return
        content = json.loads(text)
        if content["by"] == cache_key():
            self.facts, self.search = content["files"], content["search"]


def evict(bound: int = 0, *, except_for: Path | None = None) -> None:
    """Remove the least recently used sources until at most `bound` bytes are left of the others."""
    sources = [source for source in cached_sources() if source.path != except_for]
    total = sum(source.size for source in sources)
    for source in sources:
        if total <= bound:
            return
        total -= source.size
        source.path.unlink(missing_ok=True)


def _readable_stamp(path: str) -> Stamp:
    """Return the stamp of `path`; `NO_FILE` also where only another user of the cache may read."""
    facts = stamp(path)
    return facts if facts != NO_FILE and os.access(path, os.R_OK) else NO_FILE


def _values(row: Row) -> list[Any]:
    """Return the facts of `row` as JSON has them."""
    facts = [row[name] for name in FACTS[:-1]]
    numbers = [fact if isinstance(fact, (str, float)) else int(fact) for fact in facts]
    return [*numbers, b64encode(row[SKETCH]).decode()]


def _checksum(text: str) -> str:
    return digest(text.encode("ascii")).hex()


def cache_key() -> list[str]:
    """Return everything that decides a scan, but for the files: one with another is not read."""
    return [
        str(FORMAT),
        str(decoding.DECODING_FORMAT),
        transferkit.__version__,
        *map(version, ("Pillow", "numpy", "scipy")),
    ]
