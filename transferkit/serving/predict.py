"""Predictions for files by a classifier of a run; unreadable files do not end them."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferkit.data.decoding.in_memory import ImageSource
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import RunError
from transferkit.evaluation.results import Classifier
from transferkit.serving.images import IN_MEMORY, as_files, find_files
from transferkit.storage.run import Run

CHUNK = 512  # files that are predicted at a time: bounded memory, early lines


def load_classifier(folder: str | Path, name: str = "") -> Classifier:
    """Load the network of the run in `folder`, or its baseline `name`.

    Raises:
        RunError: there is no run, or it has no such classifier.
    """
    run = Run.open(folder)
    if name:
        path = run / "baselines" / f"{name}.skops"
        if not path.is_file():
            saved = sorted(path.stem for path in (run / "baselines").glob("*.skops"))
            raise RunError(
                f"The run {str(folder)!r} has no baseline {name!r}: "
                f"it has {', '.join(saved) or 'none'}, and the network, which needs no name."
            )
        from transferkit.baselines.baseline import load_baseline

        return load_baseline(path)
    from transferkit.models.network import Network

    return Network.load(run.folder)


def with_max_pixels(classifier: Classifier, max_pixels: int) -> Classifier:
    """Return `classifier` for images of up to `max_pixels`.

    Raises:
        ConfigError: that is out of range.
    """
    data = dataclasses.replace(classifier.data, max_pixels=max_pixels)
    pipeline = getattr(classifier, "pipeline", None)
    if pipeline is None:
        return dataclasses.replace(classifier, data=data)  # type: ignore[type-var]
    if hasattr(pipeline[0], "max_pixels"):  # the majority looks at no image
        pipeline[0].max_pixels = max_pixels
    return classifier


def predict_in_chunks(classifier: Classifier, files: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Yield frames of up to `CHUNK` rows: path, class, probability, problem, one column per class.

    A file that cannot be read has a problem and no class; its numbers are missing.
    """
    for start in range(0, len(files), CHUNK):
        paths = list(files[start : start + CHUNK])
        data = classifier.data
        problems = inspect_files(paths, data.max_pixels, value_range=data.value_range)["problem"]
        yield _predict(classifier, paths, problems)


def predict(
    run: str | Path,
    sources: ImageSource | Sequence[ImageSource],
    *,
    classifier: str = "",
    max_pixels: int | None = None,
) -> pd.DataFrame:
    """Predict files, folders and images by the network of `run` (or its baseline `classifier`).

    `sources` is one or a list of: the path of a file or a folder, the bytes of an image file, a
    `PIL.Image.Image`, an array `(height, width, 3)` uint8 RGB; or `(images, height, width, 3)`.
    Images of more than `max_pixels` are left out; the default is that of the run.

    Returns one row per image: path, class, probability, problem, and the probability of each class.
    The path of an image in memory is `image 0` for the first of the sources, and so on.

    Raises:
        RunError: there is no such run or classifier.
        DataError: there is no such file, or a source is no image.
    """
    single = (
        isinstance(sources, (str, os.PathLike, *IN_MEMORY)) and getattr(sources, "ndim", 3) != 4
    )
    images: list[Any] = [sources] if single else list(sources)  # type: ignore[arg-type]
    loaded = load_classifier(run, classifier)
    if max_pixels is not None:
        loaded = with_max_pixels(loaded, max_pixels)
    with tempfile.TemporaryDirectory() as folder:
        names, files = as_files(images, Path(folder))
        if not files:
            find_files([])
        frame = pd.concat(predict_in_chunks(loaded, files), ignore_index=True)
    frame["path"] = pd.Series(names, dtype=object)
    return frame


def _predict(classifier: Classifier, paths: list[str], problems: pd.Series) -> pd.DataFrame:
    good = np.flatnonzero(problems.to_numpy() == "")
    probabilities = np.full((len(paths), len(classifier.classes)), np.nan)
    if len(good):
        probabilities[good] = classifier.probabilities([paths[position] for position in good])
    names = np.full(len(paths), "", dtype=object)
    names[good] = [classifier.classes[index] for index in probabilities[good].argmax(axis=1)]
    # Objects, in the header too: text of pandas' own kind has to be UTF-8, and a name need not be.
    columns = [
        pd.Series(paths, dtype=object),
        pd.Series(names, dtype=object),
        pd.Series(probabilities.max(axis=1)),
        problems.astype(object).reset_index(drop=True),
        *map(pd.Series, probabilities.T),
    ]
    header = ["path", "class", "probability", "problem"]
    header += [f"p({name})" for name in classifier.classes]
    return pd.concat(columns, axis=1, keys=range(len(columns))).set_axis(
        pd.Index(header, dtype=object), axis=1
    )
