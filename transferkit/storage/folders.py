"""Folders that appear whole or not at all, where fetched data is kept, and what is said of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from transferkit.errors import DataError


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; it becomes `path` at the end, and is gone on an error.

    `path` may be an empty folder already. The folder beside it is hidden: where a run is killed,
    what is left of it is never taken for data. Who may read it is for the user's umask to say.

    Raises:
        DataError: the disk is full, or `path` holds something by now, or cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by tempfile, whose folders are for their owner alone whatever the umask says.
        beside = path.parent / f".partial-{path.name}-{token_hex(8)}"
        beside.mkdir()
        temporary = beside
        yield temporary
        if path.is_dir():
            path.rmdir()  # succeeds for an empty one alone
        os.rename(temporary, path)
    except OSError as error:
        raise DataError(
            f"The folder {str(path)!r} cannot be written: {error.strerror or error}; "
            "free some space or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def cache_folder(name: str) -> Path:
    """Where `name` is kept between runs: below TRANSFERKIT_CACHE, else the user's cache folder."""
    own = os.environ.get("TRANSFERKIT_CACHE")
    folder = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        folder = folder.expanduser()
    except RuntimeError:  # a user without a home, as in a container
        folder = Path(tempfile.gettempdir()) / "no-home"
    return folder / name if own else folder / "transferkit" / name
