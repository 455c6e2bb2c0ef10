"""Output folders: claimed for a kind of result, made, and numbered where no name is given."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from transferkit.errors import RunError
from transferkit.storage.locks import holds_files

MAX_NAME = 60  # characters, of up to four bytes: file systems take 255 bytes


@dataclasses.dataclass(frozen=True)
class FolderKind:
    """A kind of result that is written into a folder of its own.

    Attributes:
        name: of the result, in messages.
        marker: file that every finished folder of the kind has: no other folder is overwritten.
        title: of the folder, in messages.
        more: file of another kind that such a folder may hold too, and is not overwritten then.
        more_name: what that file is, in messages.
    """

    name: str
    marker: str
    title: str
    more: str = ""
    more_name: str = ""


RUN = FolderKind("run", "config.yaml", "a run folder")
LOOK = FolderKind("look", "look.html", "a folder for a look")
CURVE = FolderKind(
    "curve", "curve.html", "a folder for a curve", "model.keras", "a trained network"
)
EXPORT = FolderKind("export", "export.json", "a folder for an export")


def claim(
    path: str | Path, kind: FolderKind, *, overwrite: bool = False, protect: str = ""
) -> None:
    """Refuse a folder that a result of `kind` must not be written into; nothing is touched.

    `protect` is a path that must not be within a folder that is overwritten.

    Raises:
        RunError: `path` is taken, or is not to be overwritten, or cannot be a folder.
    """
    folder, other = Path(path), "choose another folder with --out"
    try:
        above = next((parent for parent in folder.parents if parent.exists()), Path())
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not folder.exists() or (folder.is_dir() and not holds_files(folder)):
            return
        marked = (folder / kind.marker).is_file()
        mixed = bool(kind.more) and (folder / kind.more).exists()
        around = bool(protect) and folder.resolve() in Path(protect).resolve().parents
    except OSError as error:
        raise cannot_hold(path, kind, error) from error
    if not overwrite:
        raise RunError(
            f"{str(path)!r} exists already: {other}, or pass --overwrite to replace the "
            f"{kind.name} in it."
        )
    if not marked:
        raise RunError(
            f"{str(path)!r} holds files but no {kind.name} (no {kind.marker}), so it is not "
            f"overwritten: {other}."
        )
    if mixed:
        raise RunError(
            f"{str(path)!r} holds {kind.more_name} too ({kind.more}), so it is not overwritten: "
            f"{other}."
        )
    if around:
        raise RunError(
            f"{protect!r} is in {str(path)!r}, where overwriting a {kind.name} could remove it: "
            f"{other}."
        )


def cannot_hold(path: str | Path, kind: FolderKind, error: OSError) -> RunError:
    """Return the error of a folder that cannot be read or written as one of `kind`."""
    return RunError(
        f"{str(path)!r} cannot be {kind.title}: {error.strerror or error}; "
        "choose another with --out."
    )


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
