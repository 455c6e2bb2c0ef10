"""Files and folders that are written whole or not at all; digests and stamps of files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from transferkit.errors import DataError, RunError

PARTIAL = ".partial-"  # what the name of a temporary file or folder begins with
MAX_DIGESTS = 8  # of weights, cached in memory


class Stamp(NamedTuple):
    """Facts on a file that change with its content: git's way to tell that it is the same."""

    modified: int  # nanoseconds
    changed: int  # nanoseconds: unlike the former, no program can set it back
    size: int  # bytes
    inode: int


NO_FILE = Stamp(0, 0, 0, 0)


def stamp(path: str) -> Stamp:
    """Return the stamp of the file `path`; `NO_FILE` where there is none."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):  # a zero byte in the name
        return NO_FILE
    return Stamp(facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino)


def digest(*parts: bytes | memoryview) -> bytes:
    """Return the SHA-256 of all `parts` in turn."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.digest()


@lru_cache(maxsize=MAX_DIGESTS)
def file_digest(path: str, stamp: Stamp) -> str:
    """Return the SHA-256 of the file `path` in hexadecimal, cached while it has this `stamp`."""
    return digest(Path(path).read_bytes()).hex()


def write_atomically(path: Path, *parts: bytes | memoryview) -> None:
    """Write `parts` as the file `path`, whole or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    with _replacement(path) as temporary, open(temporary, "wb") as file:
        for part in parts:
            file.write(part)


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there becomes `path` at the end.

    The temporary name keeps the ending of `path`, since Keras chooses a format by it. Where `path`
    is a link, the file that it points to is replaced.

    Raises:
        RunError: the disk is full, or the folder cannot be written to, or `path` is no file.
    """
    target = Path(os.path.realpath(path))
    if os.path.exists(target) and not os.path.isfile(target):
        raise RunError(f"{str(path)!r} is not a regular file: choose another place with --out.")
    try:
        with _replacement(target, suffix=path.suffix) as temporary:
            yield temporary
    except OSError as error:
        raise RunError(
            f"{str(path)!r} cannot be written: {error.strerror or error}; "
            "free some space or choose another folder with --out."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all; file names that are not UTF-8 survive."""
    with written_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it becomes `path` at the end, and is gone on an error.

    `path` may be an empty folder already, or any folder with `replace`, which stays on an error.
    The folder beside it is hidden: where a run is killed, the rest is never taken for data.

    Raises:
        DataError: the disk is full, or `path` holds something by now, or cannot be written.
    """
    temporary = old = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by tempfile, whose folders are for their owner alone whatever the umask says.
        beside = path.parent / f"{PARTIAL}{path.name}-{token_hex(8)}"
        beside.mkdir()
        temporary = beside
        yield temporary
        if path.is_dir() and not replace:
            path.rmdir()  # succeeds for an empty one alone
        elif path.is_dir():
            old = path.parent / f"{PARTIAL}{path.name}-{token_hex(8)}"
            os.rename(path, old)
        try:
            os.rename(temporary, path)
        except OSError:
            if old is not None:
                os.rename(old, path)
            raise
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"The folder {str(path)!r} cannot be written: {error.strerror or error}; "
            "free some space or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _replacement(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary file beside `path`, which replaces `path` unless there is an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by tempfile, whose files are for their owner alone whatever the umask says.
    temporary = path.parent / f"{PARTIAL}{token_hex(8)}{suffix}"
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
