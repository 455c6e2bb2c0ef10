"""A run folder: what a run leaves behind, written so that a killed run leaves nothing half-made."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from transferkit.config.yaml_files import load_yaml
from transferkit.errors import ConfigError, RunError, WeightsError
from transferkit.storage.locks import LOCK, holds_files

START = ("config.yaml", "environment.json", "manifest.csv")
"""What a run writes into its folder before it learns."""

REPORT = (
    "results.json",
    "predictions.csv",
    "scores.json",
    "errors.txt",
    "report.html",
    "report.md",
    "model_card.md",
    "repeats.csv",
    "repeats.png",
)
"""What the report of a run is."""

FILES = (
    *START,
    "history.csv",
    "model.keras",
    *REPORT,
    "tensorboard/events.out.*",
    "baselines/*.skops",
    ".partial-*",  # from a run that was killed while it wrote
    "baselines/.partial-*",
)
"""What a run writes into its folder, as patterns."""


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what was written there becomes `path` at the end.

    The temporary name keeps the ending of `path`, since Keras chooses a format by it. Where `path`
    is a link, what it points to is replaced. Who may read the file is for the user's umask to say.

    Raises:
        RunError: the disk is full, or the folder cannot be written to, or `path` is no file.
    """
    target = Path(os.path.realpath(path))
    if os.path.exists(target) and not os.path.isfile(target):
        raise RunError(f"{str(path)!r} is not a regular file: choose another place with --out.")
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Not by tempfile, whose files are for their owner alone whatever the umask says.
        beside = target.parent / f".partial-{token_hex(8)}{path.suffix}"
        beside.touch(exist_ok=False)
        temporary = beside
        yield temporary
        os.replace(temporary, target)
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
    with written_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


class Run:
    """A run folder that exists: the paths of its files, and what the small ones say."""

    def __init__(self, folder: str | Path | Run) -> None:
        self.folder = Path(folder)
        self.stays = True  # whatever comes of the run: it was there before

    def __fspath__(self) -> str:
        return str(self.folder)

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
        run = cls.require_free(folder, overwrite=overwrite)
        try:
            run.stays = run.folder.exists()
            for pattern in FILES:
                for path in run.folder.glob(pattern):
                    path.unlink()
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _no_run_folder(folder, error) from error
        return run

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """Take the folder back where settings or weights turn out to be wrong before all else.

        Otherwise the next run, with the right ones, would be told that the folder is taken.
        """
        try:
            yield
        except (ConfigError, WeightsError):
            with suppress(OSError):
                if {path.name for path in self.folder.iterdir()} <= {*START, LOCK}:
                    for name in START:
                        (self / name).unlink(missing_ok=True)
                    if not self.stays:
                        self.folder.rmdir()
            raise

    def remove_report(self) -> None:
        """Remove what says how right the network was that is there no longer.

        Raises:
            RunError: the folder cannot be written to.
        """
        try:
            for name in REPORT:
                (self / name).unlink(missing_ok=True)
        except OSError as error:
            raise _no_run_folder(self.folder, error) from error

    @classmethod
    def require_free(cls, folder: str | Path, *, overwrite: bool = False) -> Run:
        """The run that `create` would make in `folder`; nothing is touched yet.

        Raises:
            RunError: as `create`.
        """
        run = cls(folder)
        try:
            above = next((each for each in run.folder.parents if each.exists()), Path())
            if not above.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            taken = run.folder.exists() and (not run.folder.is_dir() or holds_files(run.folder))
        except OSError as error:
            raise _no_run_folder(folder, error) from error
        if taken:
            run._require_overwritten(overwrite)
        return run

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """The run in `folder`.

        Raises:
            RunError: there is no run in it.
        """
        run = cls(folder)
        if not os.path.isfile(run / "config.yaml"):
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
        """The settings in config.yaml, as nested dictionaries.

        Raises:
            RunError: the file is damaged.
        """
        try:
            found = load_yaml(self / "config.yaml")
        except ConfigError as error:
            raise RunError(str(error)) from error
        if not isinstance(found, dict):
            raise RunError(f"{str(self / 'config.yaml')!r} has no settings in it: it was changed.")
        return found

    def _require_overwritten(self, overwrite: bool) -> None:
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


def _no_run_folder(folder: str | Path, error: OSError) -> RunError:
    return RunError(
        f"{str(folder)!r} cannot be a run folder: {error.strerror or error}; "
        "choose another with --out."
    )
