"""`transferkit predict`: predict images by the model of a run."""

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

SOME_UNREADABLE = 3  # the exit status where some images were predicted, and others are unreadable


@dataclasses.dataclass(frozen=True)
class PredictOptions:
    """Predict images by the model of a run, one row per image.

    Exit status: 0 if all images were predicted; 3 if some files could not be read, which are
    listed with the reason; 1 if none could, or for any other error; 2 for a misused command line;
    130 after Ctrl-C.
    """

    run: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run folder; left out with --model."""
    sources: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE [SOURCE ...]")
    ]
    """Image files, folders, patterns such as 'photos/**/*.jpg', .csv files with a column path or
    file, or - for a list of files on standard input: one per line, or between zero bytes."""
    format: Literal["text", "csv", "json"] = "text"
    """On standard output. text: path, class and probability, tab-separated; csv and json: all
    probabilities too."""
    out: Annotated[str, tyro.conf.arg(metavar="FILE")] = ""
    """Write the rows to this file, .csv, .jsonl (JSON lines) or .parquet, and not to standard
    output. It is there when all images are done."""
    resume: bool = False
    """Go on with the --out of a job that was stopped, after the last image that it has a row of.
    If there is none, start."""
    model: Annotated[str, tyro.conf.arg(metavar="PATH")] = ""
    """An export, its folder or its model file, to predict with in place of the network of a run;
    images are decoded as for the network."""
    classifier: Annotated[str, tyro.conf.arg(metavar="NAME")] = ""
    """Name of a baseline of the run, to use in place of the network."""
    top_k: Annotated[int, Between(0, 1_000_000)] = 0
    """So many of the likeliest classes with their probabilities, in place of all."""
    abstain: Annotated[float, Between(0, 1)] = 0.0
    """Images whose highest probability is below this have the class unsure, or (unsure) where a
    class of the run is called that."""
    coverage: Annotated[float, Between(0, 0.9999)] = 0.0
    """Add the set of classes that holds the right one for this share of images, such as 0.95: a
    conformal prediction set, from images that the network was not fitted on."""
    max_pixels: Annotated[int | None, tyro.conf.arg(aliases=["--data.max-pixels"])] = None
    """Images with more pixels are left out; if not given, the limit of the run."""


def predict(arguments: Sequence[str]) -> None:
    """`transferkit predict RUN SOURCES`."""
    options = parse_arguments(PredictOptions, arguments, program="transferkit predict")
    if options.resume and not options.out:
        raise ConfigError("--resume goes on with a file: give it with --out FILE.")
    if options.out and options.format != "text":
        raise ConfigError(
            "--format is that of standard output: leave it out, since the ending of --out says "
            "the format of the file."
        )
    from transferkit.serving.output_file import require_ending
    from transferkit.serving.rows import RowOptions
    from transferkit.serving.sources import count_files

    options = _opened(options)
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


def _opened(options: PredictOptions) -> PredictOptions:
    """Return the options with an export as the run; what is in its place is a source of images.

    Raises:
        RunError: there is no such run or export.
        ConfigError: a baseline of an export is asked for, or a run beside it.
    """
    if not options.model:
        Run.open(options.run)
        return options
    if options.classifier:
        raise ConfigError("--classifier is a baseline of a run: leave it out with --model.")
    from transferkit.data.sources.folder.tree import is_output

    if os.path.isdir(options.run) and is_output(os.listdir(options.run)):
        raise ConfigError(
            f"{options.run!r} is a run, whose place --model takes: leave the run out, and give the "
            "images alone."
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
        if output.progress.rows:
            log(f"Going on after {output.progress.rows:,} images of {str(output.partial)!r}.")
        rate = Rate(files, done=output.progress.rows)
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
    """Log how to go on, where the rows of some images are written and the job ends early."""
    try:
        yield
    except BaseException:
        if output.progress.rows and output.partial.exists():
            log(
                f"{str(output.partial)!r} has the rows of {output.progress.rows:,} images: the "
                "same command with --resume goes on."
            )
        raise


def _end(predicted: int, unreadable: int) -> None:
    """End with an error where no file was read, with a status of its own where some were not."""
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
    """Return the path, the class with its probability or the likeliest with theirs, and the set."""
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
