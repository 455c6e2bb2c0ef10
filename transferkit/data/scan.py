"""A folder of class folders, or of splits with class folders, as rows of path, label, split."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.folders import ABOUT, about_notes, read_about
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


@dataclass
class LeftOut:
    """Names that are passed over while a folder is read."""

    hidden: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """A sentence for each kind that there is."""
        notes = []
        if self.hidden:
            notes.append(f"Hidden and system files were left out: {named(self.hidden)}.")
        if self.loops:
            notes.append(f"Links to a folder around them were left out: {named(self.loops)}.")
        return notes


def scan_folder(folder: Path) -> Scan:
    """Read the names below `folder`; no file is opened.

    Raises:
        DataError: it is no folder, or has no class folders with files in them.
    """
    if os.path.isfile(folder):
        raise DataError(
            f"{str(folder)!r} is a file: give a folder with a sub-folder a class, or a .csv file "
            "with the columns path,label."
        )
    scan, left_out = Scan(), LeftOut()
    splits = _split_folders(folder)
    if splits:
        for name, split in splits.items():
            _scan_classes(folder / name, split, scan, left_out)
        beside = [name for name in _shown(folder, left_out) if name not in splits]
        if beside:
            scan.notes.append(f"Beside the splits, these were left out: {named(beside)}.")
    else:
        _scan_classes(folder, "", scan, left_out)
    scan.notes += left_out.notes()
    if not scan.rows:
        raise DataError(_why_nothing(folder))
    about = read_about(folder)
    names = about.get("classes", {})  # what a class is called whose name cannot be a folder's
    scan.rows = [(path, names.get(label, label), split) for path, label, split in scan.rows]
    scan.notes = about_notes(about) + scan.notes
    return scan


def files_below(folder: Path, left_out: LeftOut | None = None) -> list[str]:
    """Every file below `folder`, through links, sorted; `left_out` is told what is passed over."""
    return _files_below(folder, LeftOut() if left_out is None else left_out, frozenset())


def _split_folders(folder: Path) -> dict[str, str]:
    """The sub-folders that are splits, by name, where `folder` is laid out so.

    A class may be called train (beside bus and car): then it holds no folders, or is the only one
    with the name of a split among others.
    """
    folders = _folders(folder)
    found = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
    found = {name: split for name, split in found.items() if _folders(folder / name)}
    several = len(set(found.values())) > 1 or len(found) == len(folders)
    return found if several and "train" in found.values() else {}


def _scan_classes(folder: Path, split: str, scan: Scan, left_out: LeftOut) -> None:
    empty, loose = [], []
    for name in _shown(folder, left_out):
        path = folder / name
        if not os.path.isdir(path):
            loose.append(name)
            continue
        files = _files_below(path, left_out, frozenset([_identity(folder)]))
        scan.rows += [(file, name, split) for file in files]
        if not files:
            empty.append(name)
    where = f" in {folder.name}/" if split else ""
    if empty:
        scan.notes.append(f"Empty classes{where} were left out: {named(empty)}.")
    if loose:
        scan.notes.append(f"Files outside the class folders{where} were left out: {named(loose)}.")


def _files_below(folder: Path, left_out: LeftOut, above: frozenset[tuple[int, int]]) -> list[str]:
    """`files_below`, for a folder that is inside the folders with the identities `above`."""
    files, waiting = [], [(folder, above)]
    while waiting:
        current, above = waiting.pop()
        identity = _identity(current)
        if identity in above:
            left_out.loops.append(current.name)
            continue
        for name in _shown(current, left_out):
            path = current / name
            if os.path.isdir(path):
                waiting.append((path, above | {identity}))
            else:
                files.append(str(path))
    return sorted(files)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError as error:
        raise DataError(_cannot_open(folder, error)) from error
    return status.st_dev, status.st_ino


def _shown(folder: Path, left_out: LeftOut) -> list[str]:
    """The sorted names in `folder`; `left_out` is told of the hidden ones."""
    names = [name for name in _entries(folder) if name != ABOUT]
    left_out.hidden += [name for name in names if _is_hidden(name)]
    return [name for name in names if not _is_hidden(name)]


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(_cannot_open(folder, error)) from error


def _cannot_open(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no folder {str(folder)!r}: give one with a sub-folder a class."
    return (
        f"The folder {str(folder)!r} cannot be opened: {error.strerror}; "
        "give one that you may read, with a sub-folder a class."
    )


def _folders(folder: Path) -> list[str]:
    names = [name for name in _entries(folder) if not _is_hidden(name)]
    return [name for name in names if os.path.isdir(folder / name)]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def last_names(paths: Iterable[str]) -> list[str]:
    """The last folder and the name of each file: enough to find it."""
    return ["/".join(Path(path).parts[-2:]) for path in paths]


def named(names: list[str]) -> str:
    """The first of `names`, and how many more there are."""
    different = list(dict.fromkeys(names))
    shown = ", ".join(repr(name) for name in different[:NAMED_AT_MOST])
    rest = len(different) - NAMED_AT_MOST
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
