"""Predictions for images by a classifier of a run; unreadable ones do not end them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from PIL import Image

from transferkit.data.decoding.in_memory import ImageSource, as_bytes
from transferkit.data.quality.file_info import inspect_files
from transferkit.data.sources.folder.image_folder import files_below
from transferkit.errors import DataError, RunError
from transferkit.storage.run import Run

if TYPE_CHECKING:
    from transferkit.baselines.baseline import Baseline
    from transferkit.models.network import Network

    LoadedClassifier: TypeAlias = Network | Baseline

CHUNK = 512  # images that are predicted at a time: bounded memory, early lines
IN_MEMORY = (bytes, bytearray, memoryview, np.ndarray, Image.Image)


def find_files(sources: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the files that `sources` name, those of folders sorted, without hidden ones.

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


def load_classifier(folder: str | Path, name: str = "") -> LoadedClassifier:
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


def with_max_pixels(classifier: LoadedClassifier, max_pixels: int) -> LoadedClassifier:
    """Return `classifier` for images of up to `max_pixels`.

    Raises:
        ConfigError: that is out of range.
    """
    data = dataclasses.replace(classifier.data, max_pixels=max_pixels)
    if not hasattr(classifier, "pipeline"):
        return dataclasses.replace(classifier, data=data)
    if hasattr(classifier.pipeline[0], "max_pixels"):  # the majority looks at no image
        classifier.pipeline[0].max_pixels = max_pixels
    return classifier


def predict_in_chunks(
    classifier: LoadedClassifier,
    images: Sequence[str | bytes],
    names: Sequence[str] | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield frames of up to `CHUNK` rows: path, class, probability, problem, one column per class.

    `images` are paths of files, or their contents; `names` stand for the paths where they are
    given. An image that cannot be read has a problem and no class; its numbers are missing.
    """
    for start in range(0, len(images), CHUNK):
        chunk, data = images[start : start + CHUNK], classifier.data
        files = inspect_files(chunk, data.max_pixels, value_range=data.value_range)
        if names is not None:
            files["path"] = pd.Series(names[start : start + CHUNK], dtype=object)
        yield _predict(classifier, chunk, files)


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
    names: list[str] = []
    contents: list[str | bytes] = []
    for position, source in enumerate(images):
        if isinstance(source, (str, os.PathLike)):
            names += (files := find_files([source]))
            contents += files
        else:
            names.append(f"image {position}")
            contents.append(as_bytes(source, f"Image {position}"))
    if not contents:
        find_files([])
    return pd.concat(predict_in_chunks(loaded, contents, names), ignore_index=True)


def _predict(
    classifier: LoadedClassifier, images: Sequence[str | bytes], files: pd.DataFrame
) -> pd.DataFrame:
    good = np.flatnonzero(files["problem"].to_numpy() == "").tolist()
    probabilities = np.full((len(images), len(classifier.classes)), np.nan)
    if good:
        probabilities[good] = classifier.probabilities([images[position] for position in good])
    names = np.full(len(images), "", dtype=object)
    names[good] = [classifier.classes[index] for index in probabilities[good].argmax(axis=1)]
    # Objects, in the header too: text of pandas' own kind has to be UTF-8, and a name need not be.
    columns = [
        files["path"],
        pd.Series(names, dtype=object),
        pd.Series(probabilities.max(axis=1)),
        files["problem"],
        *map(pd.Series, probabilities.T),
    ]
    header = ["path", "class", "probability", "problem"]
    header += [f"p({name})" for name in classifier.classes]
    return pd.concat(columns, axis=1, keys=range(len(columns))).set_axis(
        pd.Index(header, dtype=object), axis=1
    )
