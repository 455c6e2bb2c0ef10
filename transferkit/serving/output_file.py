"""Output file of predictions, written chunk by chunk, so that a killed job can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from transferkit.errors import ConfigError, DataError, RunError
from transferkit.serving.serialize import csv_rows, json_lines, write_parquet
from transferkit.storage.files import write_json, written_atomically
from transferkit.storage.locks import LocksUnavailableError, acquire

ENDINGS = (".csv", ".jsonl", ".parquet")


@dataclass
class Progress:
    """Progress of an output file.

    Attributes:
        rows: number of rows in it, including images with a problem.
        unreadable: number of images with a problem.
        size: bytes of the partial file up to the end of the last complete chunk.
        digest: of the paths of these images in order, in hexadecimal.
    """

    rows: int = 0
    unreadable: int = 0
    size: int = 0
    digest: str = ""


class OutputFile:
    """The output file `path`; until it is complete, chunks are appended to `path`.partial.

    `path`.partial.json stores the number of complete bytes and the `job`. It is written after each
    chunk. A job that was killed leaves both files. If it was killed after the file was moved into
    place, `path`.partial.json is left alone, and has the time and the size of that file.

    Args:
        path: of the file; its ending is one of `ENDINGS`.
        job: the model and the options that determine the rows, by their names in errors.

    Attributes:
        complete: True if `start` has found all rows in place, so that nothing is left to write.

    Raises:
        ConfigError: the file has another ending.
    """

    def __init__(self, path: str | Path, job: Mapping[str, Any]) -> None:
        self.path, self.job, self.progress = Path(path), dict(job), Progress()
        self.complete = False
        self.ending = require_ending(self.path)
        self.partial = self.path.with_name(f"{self.path.name}.partial")
        self.state = self.partial.with_name(f"{self.partial.name}.json")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the file against other processes while active, where its file system has locks.

        Raises:
            RunError: another process has the lock, or the folder cannot be written to.
        """
        from filelock import Timeout

        lock_file = Path(f"{self.partial}.lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = acquire(lock_file, timeout=0)
        except Timeout:
            raise RunError(
                f"Another process is writing {str(self.path)!r} at this moment: wait for its end, "
                "or choose another file with --out."
            ) from None
        except LocksUnavailableError:
            yield
            return
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            lock_file.unlink(missing_ok=True)
            lock.release()

    def start(self, paths: Iterator[str], *, resume: bool) -> None:
        """Create the partial file, or with `resume` open it and skip the finished `paths`.

        With `resume`, a file that is complete already stays as it is.

        Raises:
            RunError: a partial file exists and `resume` is false, or it belongs to another job or
                to other images, or the folder cannot be written to.
        """
        stopped = self.state.exists() and self.partial.exists()
        if stopped and not resume:
            raise RunError(
                f"{str(self.partial)!r} holds the rows of a job that was stopped: continue it with "
                "--resume, or remove it to start anew."
            )
        try:
            if stopped:
                self._read_state()
                self._skip(paths, self.partial)
            elif resume and self._is_in_place():
                self._end(paths)
                return
            else:
                self.progress = Progress()
                self._write_state()
                self.partial.touch()
            with open(self.partial, "r+b") as file:
                file.truncate(self.progress.size)  # what comes after the last complete chunk
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, chunks: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Append each of `chunks` and yield it, once it is on the disk.

        Raises:
            RunError: the disk is full.
        """
        with open(self.partial, "ab") as file:
            for chunk in chunks:
                try:
                    self._append(file, chunk)
                except OSError as error:
                    raise self._unwritable(error) from error
                yield chunk

    def finish(self) -> None:
        """Move the complete file into place; without a row, remove it.

        Raises:
            RunError: the disk is full, or the path cannot be replaced.
        """
        try:
            if not self.progress.rows:
                self.partial.unlink()
            elif self.ending == ".parquet":
                with written_atomically(self.path) as temporary:
                    write_parquet(self.partial, temporary)
                    self._write_state(finished=temporary)
                self.partial.unlink()
            else:
                self._write_state(finished=self.partial)
                os.replace(self.partial, self.path)
            self.state.unlink()
        except OSError as error:
            raise self._unwritable(error) from error

    def _append(self, file: BinaryIO, chunk: pd.DataFrame) -> None:
        if self.ending == ".csv":
            text = csv_rows(chunk, header=not self.progress.rows)
        else:
            text = json_lines(chunk)
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())
        done = self.progress
        self.progress = Progress(
            done.rows + len(chunk),
            done.unreadable + int((chunk["problem"] != "").sum()),
            file.tell(),
            _digest(done.digest, chunk["path"]),
        )
        self._write_state()

    def _write_state(self, *, finished: Path | None = None) -> None:
        state: dict[str, Any] = {"job": self.job, "progress": asdict(self.progress)}
        if finished is not None:
            state["finished"] = _identity(finished)
        write_json(self.state, state)

    def _is_in_place(self) -> bool:
        """Read the state, if there is one; True if the file is the one that this job finished."""
        try:
            content = json.loads(self.state.read_text(encoding="utf-8"))
            self.progress = Progress(**content["progress"])
            return bool(content["job"] == self.job and content["finished"] == _identity(self.path))
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def _end(self, paths: Iterator[str]) -> None:
        """Check that the finished file has all `paths`, and remove the state."""
        self._skip(paths, self.path)
        if next(paths, None) is not None:
            raise RunError(
                f"{str(self.path)!r} is complete with the rows of {self.progress.rows:,} images, "
                "and there are more images now: give the same ones, or remove it to start anew."
            )
        self.state.unlink()
        self.complete = True

    def _read_state(self) -> None:
        try:
            content = json.loads(self.state.read_text(encoding="utf-8"))
            job, self.progress = content["job"], Progress(**content["progress"])
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{str(self.state)!r} is damaged: remove it and {str(self.partial)!r} to start "
                "anew."
            ) from error
        for name in self.job.keys() | job.keys():
            if job.get(name) != self.job.get(name):
                raise RunError(
                    f"{str(self.partial)!r} was begun with another {name} "
                    f"({job.get(name)!r}, now {self.job.get(name)!r}): give the same one, or "
                    "remove it to start anew."
                )
        if self.partial.stat().st_size < self.progress.size:
            raise RunError(
                f"{str(self.partial)!r} is shorter than {str(self.state)!r} says: remove both to "
                "start anew."
            )

    def _skip(self, paths: Iterator[str], file: Path) -> None:
        """Skip the images of `file` in `paths`, and check that they are the same."""
        digest = ""
        for _, path in zip(range(self.progress.rows), paths, strict=False):
            digest = _digest(digest, [path])
        if digest != self.progress.digest:
            raise RunError(
                f"The first {self.progress.rows:,} images are not those whose rows are in "
                f"{str(file)!r}: files were added, removed or given in another order; "
                "give the same ones, or remove it to start anew."
            )

    def _unwritable(self, error: OSError) -> RunError:
        return RunError(
            f"{str(self.path)!r} cannot be written: {error.strerror or error}; free some space or "
            "choose another file with --out."
        )


def require_ending(path: Path) -> str:
    """Return the ending of `path`.

    Raises:
        ConfigError: the format is unknown.
        DataError: `path` is a folder.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(
            f"The format of {str(path)!r} is unknown: the name should end with .csv, .jsonl or "
            ".parquet."
        )
    if path.is_dir():
        raise DataError(f"{str(path)!r} is a folder: give the name of a file with --out.")
    return ending


def _identity(path: Path) -> list[int]:
    """Return the time and the size of the file `path`, which stay the same when it is moved."""
    facts = path.stat()
    return [facts.st_mtime_ns, facts.st_size]


def _digest(before: str, paths: Iterable[str]) -> str:
    """Return the digest of all paths so far, in hexadecimal; it does not depend on the chunks."""
    for path in paths:
        content = f"{before}{path}".encode("utf-8", "surrogatepass")
        before = hashlib.sha256(content).hexdigest()
    return before
