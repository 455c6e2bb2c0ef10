"""What was found in the files of a source, remembered from run to run while they stay as they were.

A file is taken to be as it was where its size, its number and its times of change are: git's way,
with its caution: one that changed within `RECENT` of the look at it is not remembered, since a
clock may be too coarse to tell a second change. Only files without a problem are.
"""

from __future__ import annotations

import hashlib
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
from transferkit.data.quality.file_info import COLUMNS, SKETCH, frame_of, inspect_files
from transferkit.data.quality.near_duplicates import Pair, near_duplicates
from transferkit.errors import RunError
from transferkit.runtime.progress import log
from transferkit.storage.folders import cache_folder
from transferkit.storage.run import write_text

FORMAT = 4  # of the file: another number makes what is there unknown
RECENT = 2 * 10**9  # nanoseconds: FAT's times are even seconds
SHARE = 0.05  # of `--cache-gb`, beside it: 400,000 files with that of 5 GB
FACTS = (*COLUMNS[1:-1], SKETCH)  # of a file without a problem, after its stamp
Row = dict[str, Any]


class MemoryFile(NamedTuple):
    """The file of a source: when it was last of use, in nanoseconds since 1970, and its bytes."""

    used: int
    size: int
    path: Path


def memories() -> list[MemoryFile]:
    """The file of each source of which something is remembered, the longest unused first."""
    found = []
    for path in cache_folder("files").glob("[!.]*.json"):
        with suppress(OSError):  # another process has removed it
            about = path.stat()
            found.append(MemoryFile(about.st_mtime_ns, about.st_size, path))
    return sorted(found)


def inspect_cached(
    source: str, paths: Sequence[str], data: DataConfig, *, anew: bool = False
) -> tuple[pd.DataFrame, list[Pair]]:
    """What `inspect_files`, sketched, and `near_duplicates` say of the files `paths` of `source`.

    Those that are as they were are not read again, unless `anew`. What is remembered is in the
    cache folder, bounded by `data.cache_gb`; with 0, or where nothing can be written there, it is
    nothing.
    """
    memory = Memory(source, data, anew=anew)
    stamps = {path: _stamp(path) for path in paths}  # before the look: a later change shows
    rows = memory.recall(stamps)
    lost = [path for path in paths if path not in rows]
    for row in inspect_files(lost, data.max_pixels, sketched=True, value_range=None).to_dict(
        "records"
    ):
        rows[row["path"]] = {str(name): value for name, value in row.items()}
    files = frame_of([rows[path] for path in paths], sketched=True)
    near = memory.near(files) if data.near_duplicates else []
    memory.save(stamps, rows, changed=len(lost) > 0)
    return files, near


class Memory:
    """What is remembered of one source; made anew where the versions that looked were others."""

    def __init__(self, source: str, data: DataConfig, *, anew: bool) -> None:
        self.data = data
        name = hashlib.sha256(os.fsencode(os.path.abspath(source))).hexdigest()[:16]
        self.path = cache_folder("files") / f"{name}.json"
        self.began = time.time_ns()
        self.bound = int(data.cache_bytes * SHARE)
        self.facts: dict[str, list[Any]] = {}
        self.search: dict[str, Any] = {}
        self.searched = False
        if self.bound and not anew:
            self._load()

    def recall(self, stamps: dict[str, str]) -> dict[str, Row]:
        """The rows of the files that have the stamps that they had, by path."""
        found = {}
        for path, stamp in stamps.items():
            known, *facts = self.facts.get(path, [""])
            if not stamp or stamp != known:
                continue
            row = {"path": path, "problem": ""} | dict(zip(FACTS, facts, strict=True))
            row[SKETCH] = b64decode(row[SKETCH])
            if row["width"] * row["height"] <= self.data.max_pixels:
                found[path] = row
        return found

    def near(self, files: pd.DataFrame) -> list[Pair]:
        """What `near_duplicates` says of `files`, from memory where it was asked just this."""
        what = files[["digest", "width", "height"]].to_csv(index=False)  # no digest: a problem
        key = hashlib.sha256(f"{self.data.max_pixels},{what}".encode()).hexdigest()
        if self.search.get("key") != key:
            pairs = near_duplicates(files, self.data.max_pixels)
            self.search, self.searched = {"key": key, "pairs": pairs}, True
        return [(one, other) for one, other in self.search["pairs"]]

    def save(self, stamps: dict[str, str], rows: dict[str, Row], *, changed: bool) -> None:
        """Remember `rows`, by path, and the last search; what was remembered less recently goes."""
        if not self.bound or not (changed or self.searched):
            return
        settled = self.began - RECENT
        self.facts = {
            path: [stamps[path], *_values(row)]
            for path, row in rows.items()
            if not row["problem"] and stamps[path] and _last_change(stamps[path]) < settled
        }
        text = json.dumps({"by": _versions(), "files": self.facts, "search": self.search})
        text = f"{_digest(text)}\n{text}"
        if len(text) > self.bound:
            return
        try:
            forget(self.bound - len(text), but=self.path)
            write_text(self.path, text)
        except (RunError, OSError):  # it is looked at again next time, as where there is no cache
            return

    def _load(self) -> None:
        try:
            digest, _, text = self.path.read_text(encoding="ascii").partition("\n")
        except UnicodeDecodeError:
            digest, text = "", "damaged"
        except OSError:  # there is none, or it is not ours to read
            return
        with suppress(OSError):  # of another user
            os.utime(self.path)  # it is of use
        if digest != _digest(text):
            log(f"What was remembered in {str(self.path)!r} is damaged: the files are read again.")
            return
        found = json.loads(text)
        if found["by"] == _versions():
            self.facts, self.search = found["files"], found["search"]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _stamp(path: str) -> str:
    """What changes with the file `path`; empty where there is none."""
    try:
        found = os.stat(path)
        if not os.access(path, os.R_OK):  # another user could, whose cache this is too
            return ""
    except (OSError, ValueError):
        return ""
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino}"


def _last_change(stamp: str) -> int:
    return max(map(int, stamp.split()[:2]))


def _values(row: Row) -> list[Any]:
    """The facts of `row` as JSON has them."""
    facts = [row[name] for name in FACTS[:-1]]
    return [
        *(each if isinstance(each, (str, float)) else int(each) for each in facts),
        _text(row[SKETCH]),
    ]


def _text(sketch: bytes) -> str:
    return b64encode(sketch).decode()


def _versions() -> list[str]:
    """Of what looks at files, and of how it is written down."""
    return [
        str(FORMAT),
        transferkit.__version__,
        *map(version, ("Pillow", "numpy", "scipy")),
    ]


def forget(bound: int = 0, *, but: Path | None = None) -> None:
    """Remove what was of use the longest ago until at most `bound` bytes are left beside `but`."""
    kept = [each for each in memories() if each.path != but]
    size = sum(each.size for each in kept)
    for each in kept:
        if size <= bound:
            return
        size -= each.size
        each.path.unlink(missing_ok=True)
