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


def acquire(folder: Path, timeout: float) -> FileLock:
    """Acquire the lock of the existing `folder` and return it, to be released.

    Raises:
        filelock.Timeout: another process has held it for `timeout` seconds.
        OSError: the folder cannot be written to, or its file system has no locks.
    """
    from filelock import FileLock  # 0.07 s, for those who write

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=timeout)
    except NotImplementedError as error:  # a file system without locks
        raise OSError(str(error)) from error
    return lock


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the existing `folder`: no other process writes a result into it.

    The operating system releases the lock when the process ends, whatever ends it.

    Raises:
        RunError: another process holds it.
    """
    from filelock import Timeout

    try:
        lock = acquire(folder, timeout=0)
    except Timeout:
        raise RunError(
            f"Another process is writing into {str(folder)!r} at this moment: "
            "wait for its end, or choose another folder with --out."
        ) from None
    except OSError:
        # A file system without locks; the writer reports a folder that cannot be written to.
        yield
        return
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            (folder / LOCK).unlink()


@contextmanager
def awaited(folder: Path, timeout: float) -> Iterator[None]:
    """Lock the existing `folder` for a moment, after waiting for others that do; the file stays.

    Raises:
        RunError: another process has held it for `timeout` seconds.
    """
    from filelock import Timeout

    try:
        lock = acquire(folder, timeout=timeout)
    except Timeout:
        raise RunError(
            f"Another process has been writing into {str(folder)!r} for {timeout:g} seconds: "
            "wait for its end, or choose another folder."
        ) from None
    except OSError:  # as in `locked`
        yield
        return
    try:
        yield
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
