"""The lock of a folder that is being written: two processes must not write one result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.errors import RunError

if TYPE_CHECKING:
    from filelock import FileLock

LOCK = ".lock"  # the file, in the folder itself: another container on the same disk sees it too


class LocksUnavailableError(OSError):
    """The file system has no locks."""


def acquire(path: Path, timeout: float) -> FileLock:
    """Acquire the lock file `path`, in a folder that exists, and return it, to be released.

    Raises:
        filelock.Timeout: another process has held it for `timeout` seconds.
        LocksUnavailableError, OSError: the file system has no locks, or the folder cannot be
            written to.
    """
    from filelock import FileLock  # 0.07 s, for those who write

    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout)
    except NotImplementedError as error:
        raise LocksUnavailableError(str(error)) from error
    return lock


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the existing `folder`: no other process writes a result into it.

    The operating system releases the lock when the process ends, whatever ends it.

    Raises:
        RunError: another process holds it.
    """
    busy = (
        f"Another process is writing into {str(folder)!r} at this moment: "
        "wait for its end, or choose another folder with --out."
    )
    acquired = False
    try:
        with _held(folder, 0, busy) as acquired:
            yield
    finally:
        if acquired:
            with suppress(OSError):
                (folder / LOCK).unlink()


@contextmanager
def awaited(folder: Path, timeout: float) -> Iterator[None]:
    """Lock the existing `folder` for a moment, after waiting for others that do; the file stays.

    Raises:
        RunError: another process has held it for `timeout` seconds.
    """
    busy = (
        f"Another process has been writing into {str(folder)!r} for {timeout:g} seconds: "
        "wait for its end, or choose another folder."
    )
    with _held(folder, timeout, busy):
        yield


@contextmanager
def _held(folder: Path, timeout: float, busy: str) -> Iterator[bool]:
    """Hold the lock of `folder` while active; yield False where there can be none.

    Raises:
        RunError: another process has held it for `timeout` seconds, with the message `busy`.
    """
    from filelock import Timeout

    try:
        lock = acquire(folder / LOCK, timeout)
    except Timeout:
        raise RunError(busy) from None
    except OSError:
        # A file system without locks; the writer reports a folder that cannot be written to.
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def require_unlocked(folder: Path) -> None:
    """Raise an error for a folder that another process has locked.

    Raises:
        RunError: it does.
    """
    if (folder / LOCK).exists():
        with locked(folder):
            pass


def holds_files(folder: Path) -> bool:
    """Whether there is anything in `folder` but a lock."""
    return any(path.name != LOCK for path in folder.iterdir())
