"""A run folder: the files of a run, claimed, opened and read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from transferkit.config.loading import load_yaml
from transferkit.errors import ConfigError, RunError, WeightsError
from transferkit.storage.locks import LOCK
from transferkit.storage.output_folder import RUN, cannot_hold, claim

START = ("config.yaml", "environment.json", "manifest.csv")
"""Files that a run writes into its folder before training."""

EXPORTS = "exports.json"  # figures of all exports, for the report
EXPORT_FOLDER = "export"  # with one folder per format
EXPORT_MARKER = "export.json"  # in each of them

REPORT = (
    "results.json",
    "explanations.json",
    "predictions.csv",
    "scores.json",
    "errors.txt",
    "report.html",
    "report.md",
    "model_card.md",
    "repeats.csv",
    "repeats.png",
    EXPORTS,
)
"""Files of the report of a run."""

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
"""Files that a run writes into its folder, as patterns."""


class Run:
    """A run folder that exists: the paths of its files, and the contents of the small ones."""

    def __init__(self, folder: str | Path | Run) -> None:
        self.folder = Path(folder)
        self.stays = True  # even if the run fails: the folder was there before

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
        claim(folder, RUN, overwrite=overwrite)
        run = cls(folder)
        try:
            run.stays = run.folder.exists()
            for pattern in FILES:
                for path in run.folder.glob(pattern):
                    path.unlink()
            run.remove_exports()
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_hold(folder, RUN, error) from error
        return run

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """Remove the folder again if settings or weights turn out to be wrong at the start.

        Otherwise the next run, with the right ones, would find the folder taken.
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
        """Remove the report files and the exports, which are of a model that this run replaces.

        Raises:
            RunError: the folder cannot be written to.
        """
        try:
            for name in REPORT:
                (self / name).unlink(missing_ok=True)
            self.remove_exports()
        except OSError as error:
            raise cannot_hold(self.folder, RUN, error) from error

    def remove_exports(self) -> None:
        """Remove the exports in the folder of the run, which are of another model from now on.

        Raises:
            OSError: one of them cannot be removed.
        """
        for path in (self / EXPORT_FOLDER).glob(f"*/{EXPORT_MARKER}"):
            shutil.rmtree(path.parent)

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Return the run in `folder`.

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
        """Return the content of the JSON file `name` of this run.

        Raises:
            RunError: the run has no such file, or it is damaged.
        """
        try:
            return json.loads((self / name).read_text(encoding="utf-8", errors="surrogateescape"))
        except FileNotFoundError as error:
            raise RunError(
                f"The run {str(self.folder)!r} has no {name}: it did not finish."
            ) from error
        except (OSError, ValueError) as error:
            raise RunError(f"{str(self / name)!r} cannot be read: {error}.") from error

    def settings(self) -> dict[str, Any]:
        """Return the settings in config.yaml, as nested dictionaries.

        Raises:
            RunError: the file is damaged.
        """
        try:
            settings = load_yaml(self / "config.yaml")
        except ConfigError as error:
            raise RunError(str(error)) from error
        if not isinstance(settings, dict):
            raise RunError(f"{str(self / 'config.yaml')!r} has no settings in it: it was changed.")
        return settings
