"""A job of ten images whose output file is written, or stopped on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferkit.serving.output_file import OutputFile
from transferkit.serving.rows import RowOptions, prediction_rows

JOB = {"model": "ab", "--top-k": 0}
PATHS = [f"{number}.jpg" for number in range(10)]
ENDINGS = ["csv", "jsonl", "parquet"]


def chunks(paths: Iterator[str], size: int = 3) -> Iterator[pd.DataFrame]:
    """Rows of two classes; the number of an image is its probability in tenths; 4 is unreadable."""
    while chunk := [path for _, path in zip(range(size), paths, strict=False)]:
        numbers = np.array([int(path[0]) / 10 for path in chunk])
        yield prediction_rows(
            chunk,
            ["is empty" if path == "4.jpg" else "" for path in chunk],
            np.stack([numbers, 1 - numbers], axis=1),
            classes=("cat", "dog"),
            options=RowOptions(),
        )


def write(path: Path, *, stop_after: int | None = None, resume: bool = False) -> OutputFile:
    """Write `PATHS`, or stop as a killed process does after so many chunks."""
    output, paths = OutputFile(path, JOB), iter(PATHS)
    output.start(paths, resume=resume)
    for number, _ in enumerate(output.write(chunks(paths)), 1):
        if number == stop_after:
            return output
    output.finish()
    return output


class Killed(BaseException):
    """The end of the process."""


def finish_until(name: str, path: Path) -> OutputFile:
    """Write `PATHS`, and stop as a killed process does when it would remove the file `name`."""
    output, unlink = write(path, stop_after=4), Path.unlink

    def stopped(file: Path, missing_ok: bool = False) -> None:
        if file.name == name:
            raise Killed
        unlink(file, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", stopped)
        with pytest.raises(Killed):
            output.finish()
    return output


def read(path: Path) -> pd.DataFrame:
    kinds = {".csv": pd.read_csv, ".parquet": pd.read_parquet}
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return kinds[path.suffix](path)
