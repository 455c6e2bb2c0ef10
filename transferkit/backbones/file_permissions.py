"""Permissions of a file of weights: one that other users can change is not believed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

ROOT = 0  # the user who can change every file anyway


def why_not_believed(path: Path) -> str:
    """Why `path` might be another user's doing, as the end of a sentence; empty if it is not.

    The file, its folder and the one around it have to be this user's or root's and not writable
    by all; what is above them, not writable by all but for files of their own (the sticky bit of
    /tmp). A link is followed first. Where the system knows no owners, nothing is found.
    """
    if not hasattr(os, "geteuid"):
        return ""
    path = Path(os.path.realpath(path))
    try:
        for folder in (path, *path.parents[:2]):
            status = folder.stat()
            if status.st_uid not in (os.geteuid(), ROOT):
                return f"{str(folder)!r} belongs to another user (uid {status.st_uid})"
            if status.st_mode & stat.S_IWOTH:
                return f"{str(folder)!r} can be written to by every user"
        for folder in path.parents[2:]:
            mode = folder.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return f"{str(folder)!r} can be written to by every user"
    except OSError as error:
        return f"whose it is cannot be read ({error.strerror or error})"
    return ""
