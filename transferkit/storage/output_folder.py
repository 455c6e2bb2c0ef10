"""Output folders: made, and numbered where no name is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from transferkit.errors import RunError

MAX_NAME = 60  # characters, of up to four bytes: file systems take 255 bytes


@contextmanager
def folder_for(out: str, parent: str, name: str) -> Iterator[Path]:
    """Yield `out` or a `numbered_folder`, made before slow work; removed again if it stays empty.

    Raises:
        RunError: it cannot be made or written to.
    """
    folder = Path(out) if out else numbered_folder(parent, name)
    made = not out or not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _no_folder(folder, error.strerror or str(error)) from error
    try:
        yield folder
    finally:
        if made:
            with suppress(OSError):
                folder.rmdir()


def numbered_folder(parent: str | Path, name: str) -> Path:
    """Make `parent/name`, or the first of `parent/name-2`, `-3` ... that did not exist yet.

    A name that is too long for a folder loses its middle. Two concurrent calls get two folders.

    Raises:
        RunError: it cannot be made.
    """
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME // 2 - 3]}...{name[-MAX_NAME // 2 :]}"
    candidate, number = Path(parent) / name, 1
    while True:
        try:
            candidate.mkdir(parents=True)
            return candidate
        except OSError as error:
            if not os.path.lexists(candidate):  # such as below a link to nowhere, which exists
                raise _no_folder(candidate, error.strerror or str(error)) from error
        number += 1
        candidate = Path(parent) / f"{name}-{number}"


def _no_folder(folder: Path, problem: str) -> RunError:
    return RunError(
        f"{str(folder)!r} cannot be written to: {problem}; choose another folder with --out."
    )
