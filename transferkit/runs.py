"""A run folder: what a run leaves behind, written so that a killed run leaves nothing half-made."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from transferkit.errors import RunError

FILES = (
    "config.yaml",
    "environment.json",
    "manifest.csv",
    "history.csv",
    "model.keras",
    "baselines",
    "scores.json",
    "predictions.csv",
    "report.html",
)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there becomes `path` at the end.

    The temporary name keeps the ending of `path`, since Keras chooses a format by it.

    Raises:
        RunError: the disk is full, or the folder cannot be written to.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".partial-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise RunError(
            f"{str(path)!r} cannot be written: {error.strerror or error}; "
            "free some space or choose another folder with --out."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all; file names that are not UTF-8 survive."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


class Run:
    """A run folder that exists: the paths of its files, and what the small ones say."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @classmethod
    def create(cls, folder: str | Path, *, overwrite: bool = False) -> Run:
        """Take `folder` for a new run.

        With `overwrite`, the files that a run writes are removed from it; others stay.

        Raises:
            RunError: the folder is taken, or is no run's and therefore not to be overwritten.
        """
        run = cls(folder)
        try:
            taken = run.folder.exists() and (not run.folder.is_dir() or any(run.folder.iterdir()))
            if taken:
                run._clear(overwrite)
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"{str(folder)!r} cannot be a run folder: {error.strerror or error}; "
                "choose another with --out."
            ) from error
        return run

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """The run in `folder`.

        Raises:
            RunError: there is no run in it.
        """
        run = cls(folder)
        if not (run / "config.yaml").is_file():
            raise RunError(
                f"{str(folder)!r} is not a run folder: it has no config.yaml; "
                "`transferkit train DIR --out RUN` makes one."
            )
        return run

    def json(self, name: str) -> Any:
        """What the JSON file `name` of this run says.

        Raises:
            RunError: the run has no such file, or it is damaged.
        """
        try:
            return json.loads((self / name).read_text(encoding="utf-8", errors="surrogateescape"))
        except FileNotFoundError as error:
            raise RunError(
                f"The run {str(self.folder)!r} has no {name}: it did not end."
            ) from error
        except (OSError, ValueError) as error:
            raise RunError(f"{str(self / name)!r} cannot be read: {error}.") from error

    def settings(self) -> dict[str, Any]:
        """The settings in config.yaml, as nested dictionaries."""
        try:
            return dict(yaml.safe_load((self / "config.yaml").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
            raise RunError(f"{str(self / 'config.yaml')!r} cannot be read: {error}.") from error

    def _clear(self, overwrite: bool) -> None:
        if not overwrite:
            raise RunError(
                f"{str(self.folder)!r} exists already: choose another folder with --out, "
                "or pass --overwrite to replace the run in it."
            )
        if not (self / "config.yaml").is_file():
            raise RunError(
                f"{str(self.folder)!r} holds files but no run (no config.yaml), "
                "so it is not overwritten: choose another folder with --out."
            )
        for name in FILES:
            path = self / name
            for inner in path.iterdir() if path.is_dir() else ():
                inner.unlink()
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)


def free_folder(parent: str | Path, name: str) -> Path:
    """`parent/name`, or the first of `parent/name-2`, `-3` ... that does not exist yet."""
    candidate, number = Path(parent) / name, 1
    while candidate.exists():
        number += 1
        candidate = Path(parent) / f"{name}-{number}"
    return candidate
