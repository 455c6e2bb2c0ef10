"""Predictions for files by a classifier of a run; a file that cannot be read does not end them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from transferkit.data.files import inspect_files
from transferkit.data.scan import files_below
from transferkit.errors import DataError, RunError
from transferkit.evidence.results import Classifier
from transferkit.runs import Run

CHUNK = 512  # files that are read, predicted and given out at a time: bounded memory, early lines


def load_classifier(folder: str | Path, name: str = "") -> Classifier:
    """The network of the run in `folder`, or its baseline `name`.

    Raises:
        RunError: there is no run, or it has no such classifier.
    """
    run = Run.open(folder)
    if name:
        path = run / "baselines" / f"{name}.skops"
        if not path.is_file():
            saved = sorted(each.stem for each in (run / "baselines").glob("*.skops"))
            raise RunError(
                f"The run {str(folder)!r} has no baseline {name!r}: "
                f"it has {', '.join(saved) or 'none'}, and the network, which needs no name."
            )
        from transferkit.baselines.loading import load_baseline

        return load_baseline(path)
    from transferkit.training.network import Network

    return Network.load(run.folder)


def find_files(sources: Sequence[str | Path]) -> list[str]:
    """The files that `sources` name, those of folders sorted, hidden ones left out.

    Raises:
        DataError: one of them does not exist, or there is no file in any.
    """
    files: list[str] = []
    for source in map(Path, sources):
        if source.is_dir():
            files += files_below(source)
        elif source.exists():
            files.append(str(source))
        else:
            raise DataError(f"There is no file or folder {str(source)!r} to predict.")
    if not files:
        raise DataError("There is no file to predict: give image files, or folders of them.")
    return files


def predict_chunks(classifier: Classifier, files: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Frames of up to `CHUNK` rows: path, class, probability, problem, and one column a class.

    A file that cannot be read has a problem and no class; its numbers are missing.
    """
    for start in range(0, len(files), CHUNK):
        paths = list(files[start : start + CHUNK])
        problems = inspect_files(paths, classifier.data.max_pixels)["problem"]
        yield _predict(classifier, paths, problems)


def predict(
    run: str | Path, sources: str | Path | Sequence[str | Path], *, classifier: str = ""
) -> pd.DataFrame:
    """What the network of `run` (or its baseline `classifier`) says of files and folders.

    Returns one row a file: path, class, probability, problem, and the probability of each class.

    Raises:
        RunError: there is no such run or classifier.
        DataError: there is no such file.
    """
    single = isinstance(sources, (str, Path))
    files = find_files([sources] if single else sources)  # type: ignore[list-item,arg-type]
    return pd.concat(predict_chunks(load_classifier(run, classifier), files), ignore_index=True)


def _predict(classifier: Classifier, paths: list[str], problems: pd.Series) -> pd.DataFrame:
    good = np.flatnonzero(problems.to_numpy() == "")
    found = np.full((len(paths), len(classifier.classes)), np.nan)
    if len(good):
        found[good] = classifier.probabilities([paths[position] for position in good])
    names = np.full(len(paths), "", dtype=object)
    names[good] = [classifier.classes[each] for each in found[good].argmax(axis=1)]
    # Objects, in the header too: text of pandas' own kind has to be UTF-8, and a name need not be.
    columns = [
        pd.Series(paths, dtype=object),
        pd.Series(names, dtype=object),
        pd.Series(found.max(axis=1)),
        problems.astype(object).reset_index(drop=True),
        *map(pd.Series, found.T),
    ]
    header = ["path", "class", "probability", "problem"]
    header += [f"p({name})" for name in classifier.classes]
    return pd.concat(columns, axis=1, keys=range(len(columns))).set_axis(
        pd.Index(header, dtype=object), axis=1
    )
