"""The cache on disk: locked, bounded in size, the least recently used file removed first."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transferkit.runtime.progress import log, log_once
from transferkit.storage.files import PARTIAL
from transferkit.storage.locks import LOCK, acquire

SHARD_EXTENSION = ".block"
METADATA_FILE = "about.json"  # in the folder of a table: everything that decides its features
NETWORKS, NETWORK = "networks", ".network"  # the folder of quantized networks, and their ending
LOCK_TIMEOUT = 60  # seconds for another process to finish its writing
FOLDER = "activations"


def features_folder() -> Path:
    """Return the folder of cached features, and of the networks that compute them."""
    return cache_folder(FOLDER)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keep other processes from writing or removing anything below `root` in the meantime.

    Raises:
        OSError: the folder cannot be written to, or another process has not ended its writing.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = acquire(root / LOCK, LOCK_TIMEOUT)
    try:
        yield
    finally:
        lock.release()


def make_room(root: Path, bound: int) -> None:
    """Remove the least recently used files below `root` until the rest is at most `bound` bytes.

    To be called within `locked`: any temporary file is then of a process that was killed.
    """
    for partial in root.glob(f"*/{PARTIAL}*"):
        partial.unlink(missing_ok=True)
    files = [*root.glob(f"*/*{SHARD_EXTENSION}"), *quantized_networks(root)]
    cached = [(*use, path) for path in files if (use := last_use(path))]
    total = sum(size for _, size, _ in cached)
    for _, size, path in sorted(cached):
        if total <= bound:
            break
        _remove(path)
        total -= size


def mark_used(path: Path) -> None:
    """Mark `path` as used now."""
    try:
        os.utime(path)
    except OSError:  # gone, or another user's, who marks it himself
        return


def discard(path: Path, *, why: str) -> None:
    """Remove the damaged file `path`, and log it."""
    log(f"{why}: {str(path)!r} is removed.")
    try:
        path.unlink(missing_ok=True)
    except OSError:  # another user's: readers skip it
        return


def log_not_cached(what: str, root: Path, error: OSError) -> None:
    """Log once that `what` cannot be cached below `root`, why, and the remedy."""
    log_once(
        f"{what} cannot be cached in {str(root)!r} ({error.strerror or error}): free some space, "
        "name another folder in TRANSFERKIT_CACHE, or pass --cache-gb 0."
    )


def quantized_networks(root: Path) -> list[Path]:
    """Return the files of cached quantized networks below `root`."""
    return list((root / NETWORKS).glob(f"*{NETWORK}"))


def _remove(path: Path) -> None:
    """Remove a file, and its folder if it was the last; it may be gone, or open in a reader."""
    try:
        path.unlink(missing_ok=True)
        if not any(path.parent.glob(f"*{path.suffix}")):
            (path.parent / METADATA_FILE).unlink(missing_ok=True)
            path.parent.rmdir()
    except OSError:
        return


def last_use(path: Path) -> tuple[int, int] | None:
    """Return when the file was last used, in nanoseconds, and its bytes; None if it is gone."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size


def cache_folder(name: str) -> Path:
    """Return the cache folder of `name`: below TRANSFERKIT_CACHE, else the user's cache folder."""
    own = os.environ.get("TRANSFERKIT_CACHE")
    folder = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        folder = folder.expanduser()
    except RuntimeError:  # a user without a home, as in a container
        folder = Path(tempfile.gettempdir()) / "no-home"
    return folder / name if own else folder / "transferkit" / name
