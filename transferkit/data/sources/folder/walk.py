"""Walk of a folder, file by file in sorted order: no list of all its files is ever made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from transferkit.data.sources.folder.folder_names import is_system
from transferkit.data.sources.folder.tree import cannot_open, identity_of, is_folder, is_output


def walk_files(root: Path) -> Iterator[str]:
    """Yield every file below `root`, through links, sorted by path; hidden files are left out.

    So are system files, links to a folder around them, and folders that this project wrote. The
    names of one folder at a time, and of those around it, are in memory.

    Raises:
        DataError: a folder cannot be opened.
    """
    yield from _walk(root, frozenset())


def _walk(folder: Path, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    identity = identity_of(folder)
    if identity in above:
        return
    names = _names(folder)
    if above and is_output({name for name in names if not name.endswith("/")}):
        return
    for name in names:
        if name.endswith("/"):
            yield from _walk(folder / name[:-1], above | {identity})
        else:
            yield str(folder / name)


def _names(folder: Path) -> list[str]:
    """Return the names in `folder`, sorted as whole paths are; those of folders end with `/`."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                f"{entry.name}/" if is_folder(entry) else entry.name
                for entry in entries
                if not is_system(entry.name)
            )
    except OSError as error:
        raise cannot_open(folder, error) from error
