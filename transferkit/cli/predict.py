"""`transferkit predict`: predict images by the model of a run."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.errors import DataError
from transferkit.runtime.printing import csv_text, shown
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log
from transferkit.storage.run import Run

if TYPE_CHECKING:
    import pandas as pd

FIGURES = "%.6g"  # of a probability: what float32 holds


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """Predict images by the model of a run, one line per image."""

    run: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run folder."""
    sources: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE [FILE ...]")
    ]
    """Image files, or folders of them."""
    format: Literal["text", "csv", "json"] = "text"
    """text: path, class and probability, tab-separated; csv and json: all probabilities too."""
    classifier: Annotated[str, tyro.conf.arg(metavar="NAME")] = ""
    """Name of a baseline of the run, to use in place of the network."""
    max_pixels: Annotated[int | None, tyro.conf.arg(aliases=["--data.max-pixels"])] = None
    """Images with more pixels are left out; if not given, the limit of the run."""


def predict(arguments: Sequence[str]) -> None:
    """`transferkit predict RUN FILES-OR-FOLDERS`."""
    options = parse_arguments(PredictOptions, arguments, program="transferkit predict")
    from transferkit.serving.predict import Predictor
    from transferkit.serving.sources import count_files, files_of

    Run.open(options.run)
    files = count_files(options.sources)
    silence_tensorflow()
    predictor = Predictor.load(options.run, options.classifier, max_pixels=options.max_pixels)
    left_out = Counter[bool]()
    chunks = _counted(predictor.stream(files_of(options.sources)), left_out)
    {"text": _print_text, "csv": _print_csv, "json": _print_json}[options.format](chunks)
    if not left_out[False]:
        several = f"None of the {files} files can be read as an image"
        raise DataError(
            f"{several}, so nothing was predicted: the reason of each is above."
            if files != 1
            else "The file cannot be read as an image, so nothing was predicted: see above."
        )


def _counted(chunks: Iterable[pd.DataFrame], left_out: Counter[bool]) -> Iterator[pd.DataFrame]:
    """Yield the `chunks`; count rows with and without a problem in `left_out`."""
    for chunk in chunks:
        left_out.update((chunk["problem"] != "").tolist())
        yield chunk


def _print_text(chunks: Iterable[pd.DataFrame]) -> None:
    for chunk in chunks:
        for path, name, probability, problem in chunk.iloc[:, :4].itertuples(index=False):
            if problem:
                log(f"Left out: {path!r} {problem}.")
            else:
                print(f"{shown(path)}\t{shown(name)}\t{probability:.4f}", flush=True)


def _print_csv(chunks: Iterable[pd.DataFrame]) -> None:
    for number, chunk in enumerate(chunks):
        rows = [[_figure(cell) for cell in row] for row in chunk.itertuples(index=False, name=None)]
        text = csv_text(None if number else chunk.columns, rows, line_end="\n")
        # A file or a program gets what the names are, a terminal what can be shown of them.
        print(shown(text, lines=True) if sys.stdout.isatty() else text, end="", flush=True)


def _figure(cell: object) -> object:
    """Return a `cell` for a .csv: numbers to six figures, empty if unknown."""
    if not isinstance(cell, float):
        return cell
    return "" if math.isnan(cell) else FIGURES % cell


def _print_json(chunks: Iterable[pd.DataFrame]) -> None:
    """Print one JSON object per line, so that the first predictions can be read early."""
    for chunk in chunks:
        for row in chunk.to_dict(orient="records"):
            plain = {name: _plain(value) for name, value in row.items()}
            print(escaped(json.dumps(plain, ensure_ascii=False)), flush=True)


def escaped(text: str) -> str:
    """Return the JSON `text` with control characters escaped.

    It leaves those from 127 on as they are, and a terminal obeys some of them.
    """
    return "".join(
        character if shown(character) == character else json.dumps(character)[1:-1]
        for character in text
    )


def _plain(value: str | float) -> str | float | None:
    """Return `value` for JSON: text unchanged, numbers to six figures, null if unknown."""
    if isinstance(value, str):
        return value
    return None if math.isnan(value) else float(FIGURES % value)
