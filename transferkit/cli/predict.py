"""`transferkit predict`: predict images with a classifier of a run."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from transferkit.cli.arguments import parse_arguments
from transferkit.config.validation import Between
from transferkit.errors import ConfigError, DataError
from transferkit.runtime.printing import shown
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log
from transferkit.runtime.rate import Rate, shown_rate
from transferkit.storage.run import Run

if TYPE_CHECKING:
    import pandas as pd

    from transferkit.serving.output_file import OutputFile
    from transferkit.serving.predict import Predictor

SOME_UNREADABLE = 3  # exit status if some images were predicted and others are unreadable


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """Predict images with a classifier of a run, one row per image.

    Exit status: 0 if all images were predicted; 1 if no file could be read, or for another error; 2
    for a wrong command line; 3 if some files could not be read, which are listed with the reason;
    130 after Ctrl-C.
    """

    run: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run folder. With --model, leave it out."""
    sources: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE [SOURCE ...]")
    ]
    """Image files, folders, patterns such as 'photos/**/*.jpg', .csv files with a column path or
    file, or - for a list of files on standard input: one per line, or separated by zero bytes."""
    format: Literal["text", "csv", "json"] = "text"
    """The format on standard output. text has path, class and probability, tab-separated; csv and
    json (one object per line) have the probabilities of all classes too."""
    out: Annotated[str, tyro.conf.arg(metavar="FILE")] = ""
    """Write the rows to this .csv, .jsonl (JSON lines) or .parquet file instead of standard output.
    The file appears when all images are done."""
    resume: bool = False
    """Continue the --out file of a job that was stopped, after its last complete row. If there is
    none, start from the beginning."""
    model: Annotated[str, tyro.conf.arg(metavar="PATH")] = ""
    """The folder or the model file of an export, to predict with it instead of the network of a
    run. Images are decoded as for the network."""
    classifier: Annotated[str, tyro.conf.arg(metavar="NAME")] = ""
    """Name of a baseline of the run, to use it instead of the network."""
    top_k: Annotated[int, Between(0, 1_000_000)] = 0
    """Number of likeliest classes to write, with their probabilities; 0 writes the probabilities of
    all classes."""
    abstain: Annotated[float, Between(0, 1)] = 0.0
    """Images whose highest probability is below this get the class unsure, or (unsure) if the run
    has a class of that name."""
    coverage: Annotated[float, Between(0, 0.9999)] = 0.0
    """Add a conformal prediction set to each row, such that this share of the sets (such as 0.95)
    contains the right class. 0 adds none."""
    max_pixels: Annotated[int | None, tyro.conf.arg(aliases=["--data.max-pixels"])] = None
    """Images with more pixels are not predicted; if not given, the limit of the run."""


def predict(arguments: Sequence[str]) -> None:
    """`transferkit predict RUN SOURCES`."""
    options = parse_arguments(PredictOptions, arguments, program="transferkit predict")
    if options.resume and not options.out:
        raise ConfigError("--resume continues a file: name it with --out FILE.")
    if options.out and options.format != "text":
        raise ConfigError(
            "--format is the format of standard output: leave it out, since the ending of --out "
            "decides the format of the file."
        )
    from transferkit.serving.output_file import require_ending
    from transferkit.serving.rows import RowOptions
    from transferkit.serving.sources import count_files

    options = _with_run(options)
    RowOptions(options.top_k, options.abstain, options.coverage)  # checked before the slow part
    if options.out:
        require_ending(Path(options.out))
    files = count_files(options.sources)
    silence_tensorflow()
    from transferkit.serving.predict import Predictor

    predictor = Predictor.load(
        options.run,
        options.classifier,
        max_pixels=options.max_pixels,
        top_k=options.top_k,
        abstain=options.abstain,
        coverage=options.coverage,
    )
    if predictor.sets:
        log(predictor.sets)
    count = _write if options.out else _print
    predicted, unreadable = count(options, predictor, files)
    _end(predicted, unreadable)


def _with_run(options: PredictOptions) -> PredictOptions:
    """Check the run, or replace it by the export of `--model`.

    With `--model`, the first positional argument is a source, not a run.

    Raises:
        RunError: there is no such run or export.
        ConfigError: `--classifier` or a run is given with `--model`.
    """
    if not options.model:
        Run.open(options.run)
        return options
    if options.classifier:
        raise ConfigError("--classifier is a baseline of a run: leave it out with --model.")
    from transferkit.data.sources.folder.tree import is_output

    if os.path.isdir(options.run) and is_output(os.listdir(options.run)):
        raise ConfigError(
            f"{options.run!r} is a run, and --model already names the model: leave the run out, "
            "and give only images."
        )
    from transferkit.export.record import ExportRecord, export_folder

    folder = export_folder(options.model) or Path(options.model)
    ExportRecord.load(folder)
    return dataclasses.replace(options, run=str(folder), sources=(options.run, *options.sources))


def _print(options: PredictOptions, predictor: Predictor, files: int | None) -> tuple[int, int]:
    """Print the rows; return how many images were predicted, and how many could not be read."""
    predicted = unreadable = 0
    rate, on_terminal = Rate(files), sys.stdout.isatty()
    with shown_rate(rate, "images", bar=not on_terminal) as count:
        for number, chunk in enumerate(predictor.stream_files(_paths(options))):
            problems = int((chunk["problem"] != "").sum())
            predicted, unreadable = predicted + len(chunk) - problems, unreadable + problems
            _print_chunk(chunk, options, first=not number)
            count(len(chunk))
    return predicted, unreadable


def _write(options: PredictOptions, predictor: Predictor, files: int | None) -> tuple[int, int]:
    """Write the rows to the file `options.out`; return the counts of `_print`."""
    from transferkit.serving.job import job_of
    from transferkit.serving.output_file import OutputFile

    output = OutputFile(options.out, job_of(options.run, predictor))
    with output.locked():
        paths = _paths(options)
        output.start(paths, resume=options.resume)
        done = output.progress
        if output.complete:
            log(f"{options.out!r} is complete: it has {done.rows:,} rows.")
            return done.rows - done.unreadable, done.unreadable
        if done.rows:
            log(f"Resuming after {done.rows:,} images of {str(output.partial)!r}.")
        rate = Rate(files, done=done.rows)
        with _resumable(output), shown_rate(rate, "images", bar=True) as count:
            for chunk in output.write(predictor.stream_files(paths)):
                count(len(chunk))
            output.finish()
    done = output.progress
    if done.rows:
        log(f"{options.out!r} has {done.rows:,} rows; {rate.per_second:,.0f} images/s.")
    return done.rows - done.unreadable, done.unreadable


def _paths(options: PredictOptions) -> Iterator[str]:
    from transferkit.serving.sources import files_of

    return files_of(options.sources, sys.stdin.buffer)


@contextmanager
def _resumable(output: OutputFile) -> Iterator[None]:
    """Log how to resume, if the job ends early after some rows were written."""
    try:
        yield
    except BaseException:
        if output.progress.rows and output.partial.exists():
            log(
                f"{str(output.partial)!r} has the rows of {output.progress.rows:,} images: the "
                "same command with --resume continues."
            )
        raise


def _end(predicted: int, unreadable: int) -> None:
    """Raise an error if no file was read; exit with `SOME_UNREADABLE` if some were not."""
    if not predicted and not unreadable:
        from transferkit.serving.sources import no_files

        raise no_files()
    if not predicted:
        raise DataError(
            f"None of the {unreadable:,} files can be read as an image, so nothing was predicted: "
            "each is listed with its reason."
            if unreadable > 1
            else "The file cannot be read as an image, so nothing was predicted: it is listed with "
            "its reason."
        )
    if unreadable:
        log(f"transferkit: {unreadable:,} of {predicted + unreadable:,} files could not be read.")
        raise SystemExit(SOME_UNREADABLE)


def _print_chunk(chunk: pd.DataFrame, options: PredictOptions, *, first: bool) -> None:
    from transferkit.serving.serialize import csv_rows, json_lines

    if options.format == "text":
        for row in chunk.to_dict(orient="records"):
            if row["problem"]:
                log(f"Left out: {row['path']!r} {row['problem']}.")
            else:
                print("\t".join(_cells(row, options)), flush=True)
    elif options.format == "csv":
        text = csv_rows(chunk, header=first)
        # A file or a program gets what the names are, a terminal what can be shown of them.
        print(shown(text, lines=True) if sys.stdout.isatty() else text, end="", flush=True)
    else:
        print(json_lines(chunk), end="", flush=True)


def _cells(row: Mapping[Any, Any], options: PredictOptions) -> Iterable[str]:
    """Yield the cells of a text row: path, classes with probabilities, and the prediction set."""
    yield shown(row["path"])
    pairs = [("class", "probability")] if options.abstain or not options.top_k else []
    pairs += [
        (name, f"p_{name.removeprefix('class_')}") for name in row if name.startswith("class_")
    ]
    for name, probability in pairs:
        yield shown(row[name])
        yield f"{row[probability]:.4f}"
    if options.coverage:
        yield f"{{{', '.join(map(shown, row['prediction_set']))}}}"
