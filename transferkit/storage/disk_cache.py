"""The cache on disk: locked, bounded in size, the least recently used file removed first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from transferkit.runtime.progress import log
from transferkit.storage.folders import cache_folder

ENDING, PARTIAL = ".block", ".partial-"
ABOUT = "about.json"  # in the folder of a table: what decides its features
NETWORKS, NETWORK = "networks", ".network"  # the folder of the quantised ones, and their ending
LOCK = ".lock"
MANY_FILES = 10_000  # macOS grants 10,240 where it speaks of no bound
WAIT = 60  # seconds for another process to finish its writing
FOLDER = "activations"
_logged: set[str] = set()  # sentences that a process says once


def features_folder() -> Path:
    """Where features, and the networks that compute them, are kept between runs."""
    return cache_folder(FOLDER)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Within it, no other process writes below `root`, or removes anything.

    Raises:
        OSError: the folder cannot be written to, or another process has not ended its writing.
    """
    root.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(root / LOCK, timeout=WAIT):
            yield
    except NotImplementedError as error:  # a file system without locks
        raise OSError(str(error)) from error


def make_room(root: Path, bound: int) -> None:
    """Remove what is least recently used below `root` until the rest is `bound` bytes at most.

    To be called within `locked`: what is half-written then is of a process that was killed.
    """
    for lost in root.glob(f"*/{PARTIAL}*"):
        lost.unlink(missing_ok=True)
    files = [*root.glob(f"*/*{ENDING}"), *quantized_networks(root)]
    kept = [(*found, path) for path in files if (found := last_use(path))]
    size = sum(each for _, each, _ in kept)
    for _, each, path in sorted(kept):
        if size <= bound:
            break
        _remove(path)
        size -= each


def mark_used(path: Path) -> None:
    """Mark `path` as used now."""
    try:
        os.utime(path)
    except OSError:  # gone, or another user's: then it is for others to say what was used
        return


def discard(path: Path, *, why: str) -> None:
    """Remove the damaged file `path`, and say it."""
    log(f"{why}: {str(path)!r} is removed.")
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another user's: it is passed over
        return


def allow_more_files() -> bool:
    """Let this process have as many files open as the system grants; whether those are more.

    Usual are 1,024, and a block that is mapped is one: they are used up by 30 GB or so.
    """
    try:
        import resource
    except ImportError:  # Windows has no such bound
        return False
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if most == resource.RLIM_INFINITY else min(MANY_FILES, most)
    if not 0 <= now < wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return True


def log_not_cached(what: str, root: Path, error: OSError) -> None:
    """Say once that `what` cannot be kept below `root`, why, and what can be done."""
    sentence = (
        f"{what} cannot be kept in {str(root)!r} ({error.strerror or error}): free some space, "
        "name another folder in TRANSFERKIT_CACHE, or pass --cache-gb 0."
    )
    if sentence not in _logged:
        _logged.add(sentence)
        log(sentence)


def quantized_networks(root: Path) -> list[Path]:
    return list((root / NETWORKS).glob(f"*{NETWORK}"))


def _remove(path: Path) -> None:
    """Remove a file, and its folder if it was the last; it may be gone, or held by its reader."""
    try:
        path.unlink(missing_ok=True)
        if not any(path.parent.glob(f"*{path.suffix}")):
            (path.parent / ABOUT).unlink(missing_ok=True)
            path.parent.rmdir()
    except OSError:
        return


def last_use(path: Path) -> tuple[int, int] | None:
    """When the file was last used, in nanoseconds, and its bytes; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
