"""A folder of class folders, or of splits with class folders, as rows of path, label, split."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.errors import DataError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}
NAMED_AT_MOST = 5  # names in one note; the rest is counted


@dataclass
class Scan:
    """What a folder holds: one `(path, label, split)` a file, and notes on what was left out."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan_folder(folder: Path) -> Scan:
    """Read the names below `folder`; no file is opened.

    Raises:
        DataError: it is no folder, or has no class folders with files in them.
    """
    if not folder.exists():
        raise DataError(f"There is no folder {str(folder)!r}: give one with a sub-folder a class.")
    if not folder.is_dir():
        raise DataError(
            f"{str(folder)!r} is a file: give a folder with a sub-folder a class, or a .csv file "
            "with the columns path,label."
        )
    scan, hidden = Scan(), []
    splits = _split_folders(folder)
    for name, split in splits.items():
        _scan_classes(folder / name, split, scan, hidden)
    if splits:
        others = [name for name in _folders(folder) if name not in splits and not _is_hidden(name)]
        if others:
            scan.notes.append(f"Beside the splits, these were left out: {_listed(others)}.")
    else:
        _scan_classes(folder, "", scan, hidden)
    if hidden:
        scan.notes.append(f"Hidden and system files were left out: {_listed(hidden)}.")
    if not scan.rows:
        raise DataError(_why_nothing(folder))
    return scan


def _split_folders(folder: Path) -> dict[str, str]:
    """The sub-folders that are splits, by name, where `folder` is laid out so.

    A class may be called train (beside bus and car), so a split is one that holds folders.
    """
    found = {
        name: SPLIT_NAMES[name.lower()] for name in _folders(folder) if name.lower() in SPLIT_NAMES
    }
    found = {name: split for name, split in found.items() if _folders(folder / name)}
    return found if "train" in found.values() else {}


def _scan_classes(folder: Path, split: str, scan: Scan, hidden: list[str]) -> None:
    empty, loose = [], []
    for name in _entries(folder):
        path = folder / name
        if _is_hidden(name):
            hidden.append(name)
        elif not path.is_dir():
            loose.append(name)
        else:
            files = files_below(path, hidden)
            scan.rows += [(file, name, split) for file in files]
            if not files:
                empty.append(name)
    where = f" in {folder.name}/" if split else ""
    if empty:
        scan.notes.append(f"Empty classes{where} were left out: {_listed(empty)}.")
    if loose:
        scan.notes.append(
            f"Files outside the class folders{where} were left out: {_listed(loose)}."
        )


def files_below(folder: Path, hidden: list[str] | None = None) -> list[str]:
    """Every file below `folder`, sorted; the names of hidden ones are added to `hidden` instead."""
    return sorted(_files(folder, [] if hidden is None else hidden, set()))


def _files(folder: Path, hidden: list[str], above: set[tuple[int, int]]) -> Iterator[str]:
    """Every file below `folder`, through links; a folder that is inside itself is not entered."""
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for name in _entries(folder):
        path = folder / name
        if _is_hidden(name):
            hidden.append(name)
        elif path.is_dir():
            yield from _files(path, hidden, above | {identity})
        else:
            yield str(path)


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"{str(folder)!r} cannot be opened: {error.strerror}.") from error


def _folders(folder: Path) -> list[str]:
    return [name for name in _entries(folder) if (folder / name).is_dir()]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:NAMED_AT_MOST])
    rest = len(names) - NAMED_AT_MOST
    return f"{shown} and {rest} more" if rest > 0 else shown


def _why_nothing(folder: Path) -> str:
    entries = [name for name in _entries(folder) if not _is_hidden(name)]
    if not entries:
        return f"The folder {str(folder)!r} is empty: put a sub-folder a class into it."
    if not _folders(folder):
        return (
            f"The folder {str(folder)!r} holds {len(entries)} files and no class folders: "
            "put the images of each class into a sub-folder with the class's name."
        )
    return f"The class folders of {str(folder)!r} hold no files: put the images of each into it."
