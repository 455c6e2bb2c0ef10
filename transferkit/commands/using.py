"""`transferkit predict` and `transferkit report`: runs that exist already."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from transferkit.progress import say
from transferkit.recipe import silence_tensorflow
from transferkit.runs import Run, write_text

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """The class of each image and its probability, a line each, by the model of a run."""

    run: Annotated[str, tyro.conf.Positional]
    """The run folder."""
    sources: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Image files, or folders of them."""
    format: Literal["text", "csv", "json"] = "text"
    """text: path, class and probability with tabs between; csv and json: all probabilities too."""
    classifier: str = ""
    """A baseline of the run, by its name, in place of the network."""


@dataclasses.dataclass(frozen=True)
class ReportOptions:
    """The classifiers of one or several runs side by side."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Run folders."""
    out: str = ""
    """Also write the table as a page to this file."""


def predict(arguments: Sequence[str]) -> None:
    """`transferkit predict RUN FILES-OR-FOLDERS`."""
    options = tyro.cli(PredictOptions, prog="transferkit predict", args=list(arguments))
    silence_tensorflow()
    from transferkit.serving.predictor import find_files, load_classifier, predict_chunks

    Run.open(options.run)
    files = find_files(options.sources)
    sys.stdout.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    chunks = predict_chunks(load_classifier(options.run, options.classifier), files)
    {"text": _print_text, "csv": _print_csv, "json": _print_json}[options.format](chunks)


def report(arguments: Sequence[str]) -> None:
    """`transferkit report RUN...`."""
    options = tyro.cli(ReportOptions, prog="transferkit report", args=list(arguments))
    from transferkit.report.side_by_side import runs_side_by_side

    found = runs_side_by_side([Run.open(folder) for folder in options.runs])
    print(found)
    if options.out:
        write_text(Path(options.out), found.page())
        say(f"Page: {options.out}")


def _print_text(chunks: Iterable[pd.DataFrame]) -> None:
    for chunk in chunks:
        for path, name, probability, problem in chunk.iloc[:, :4].itertuples(index=False):
            if problem:
                say(f"Left out: {path!r} {problem}.")
            else:
                print(f"{path}\t{name}\t{probability:.4f}", flush=True)


def _print_csv(chunks: Iterable[pd.DataFrame]) -> None:
    for number, chunk in enumerate(chunks):
        chunk.to_csv(sys.stdout, index=False, header=number == 0, lineterminator="\n")


def _print_json(chunks: Iterable[pd.DataFrame]) -> None:
    """One JSON object a line, so that the first answers can be read before the last are there."""
    for chunk in chunks:
        for row in chunk.to_dict(orient="records"):
            plain = {name: None if value != value else value for name, value in row.items()}
            print(json.dumps(plain, ensure_ascii=False), flush=True)
