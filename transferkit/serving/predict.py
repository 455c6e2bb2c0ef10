"""A classifier of a run that is loaded once, for many predictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferkit.data.decoding.decode import in_threads, read_picture, to_square
from transferkit.data.decoding.image_files import ImageError
from transferkit.data.decoding.in_memory import ImageSource
from transferkit.data.quality.file_info import inspect_files
from transferkit.errors import DataError, RunError
from transferkit.runtime.progress import quiet_progress
from transferkit.serving.loading import load_classifier, with_max_pixels
from transferkit.serving.rows import RowOptions, prediction_rows
from transferkit.serving.sources import as_sources, named_images, no_files

if TYPE_CHECKING:
    from transferkit.models.network import Network
    from transferkit.serving.loading import LoadedClassifier


CHUNK_SIZE = 512  # images per chunk, which bounds memory
ATTEMPTS = 3  # at a chunk, if a file changes between its check and its prediction


class Predictor:
    """A network or a baseline of a run, loaded once, for any number of predictions.

    Several threads may share a predictor. The network is compiled when the predictor is created.

    Attributes:
        classifier: the `Network` or `Baseline`.
        options: of the rows of `predict`.
        threshold: highest score (1 minus the probability) of a class in a prediction set; None
            without a coverage.
    """

    def __init__(self, classifier: LoadedClassifier, *, options: RowOptions = RowOptions()) -> None:
        self.classifier, self.options = classifier, options
        self.threshold = _threshold(classifier, options.coverage) if options.coverage else None
        self._batch_size = getattr(classifier, "batch_size", 0)  # which compiles a network

    @classmethod
    def load(
        cls,
        run: str | Path,
        classifier: str = "",
        *,
        max_pixels: int | None = None,
        top_k: int = 0,
        abstain: float = 0.0,
        coverage: float = 0.0,
    ) -> Predictor:
        """Load the network of the folder `run`, or its baseline `classifier`.

        Args:
            run: the run folder, or the folder of an export.
            classifier: name of a baseline; empty for the network.
            max_pixels: images with more pixels have a problem; by default, the limit of the run.
            top_k: number of likeliest classes with columns, instead of one column per class.
            abstain: images whose highest probability is less get the class `unsure`.
            coverage: share of images whose `prediction_set` should contain their class.

        Raises:
            RunError: there is no such run or classifier, or it has no scores for a coverage.
            ConfigError: a number is out of range, or there are too few scores for the coverage.
        """
        options = RowOptions(top_k=top_k, abstain=abstain, coverage=coverage)
        loaded = load_classifier(run, classifier)
        if max_pixels is not None:
            loaded = with_max_pixels(loaded, max_pixels)
        return cls(loaded, options=options)

    @property
    def name(self) -> str:
        """Name of the classifier."""
        return self.classifier.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return self.classifier.classes

    @property
    def image_size(self) -> int | None:
        """Height and width of decoded images in pixels; None if the classifier needs no images."""
        if self._batch_size:
            return self.classifier.image_size  # type: ignore[union-attr]
        return getattr(self.classifier.pipeline[0], "input_size", None)  # type: ignore[union-attr]

    @property
    def sets(self) -> str:
        """A sentence on method, images and threshold of the prediction sets; empty without them."""
        if self.threshold is None:
            return ""
        return (
            f"Prediction sets of coverage {self.options.coverage:g} are "
            f"{self.classifier.conformity.words}: "  # type: ignore[union-attr]
            f"the classes with a probability of {1 - self.threshold:.4f} or more."
        )

    def probabilities(self, images: ImageSource | Sequence[ImageSource]) -> np.ndarray:
        """Return `(images, classes)` float32, in order.

        Each of `images` is the path of a file, the bytes of one, a PIL image or an array
        `(height, width, 3)` uint8 RGB; an array of four axes is several of them.

        Raises:
            DataError: one of them cannot be read.
        """
        with quiet_progress():
            return self.classifier.probabilities(list(as_sources(images)))

    def predict(self, sources: ImageSource | Sequence[ImageSource]) -> pd.DataFrame:
        """Return one row per image: path, class, probability, problem and the probabilities.

        `sources` is one source or a list of them: an image as for `probabilities`, a folder, a
        pattern such as `photos/**/*.jpg`, or a .csv with a column `path`. The path of an image in
        memory is `image 0` if it is the first source, and so on. An image that cannot be read has a
        problem and no class, and its numbers are missing.

        Raises:
            DataError: there is no such file, or a source is no image.
        """
        frames = list(self.stream(sources))
        if not frames:
            raise no_files()
        return pd.concat(frames, ignore_index=True)

    def stream(
        self, sources: ImageSource | Iterable[ImageSource], *, chunk_size: int = CHUNK_SIZE
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of `predict` in frames of up to `chunk_size`; sources are read lazily.

        Raises:
            DataError: as `predict`, except that there may be no file at all.
        """
        yield from self._frames(named_images(as_sources(sources)), chunk_size)

    def stream_files(
        self, paths: Iterable[str], *, chunk_size: int = CHUNK_SIZE
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows of `stream` for the files `paths`; a missing file has a problem."""
        yield from self._frames(((path, path) for path in paths), chunk_size)

    def rows(self, names: Sequence[str], images: Sequence[str | bytes]) -> pd.DataFrame:
        """Return the rows of `predict` for `images`, paths or contents of files, with `names`."""
        with quiet_progress():
            probabilities, problems = (
                self._by_network(images) if self._batch_size else self._by_baseline(images)
            )
        return prediction_rows(
            names,
            problems,
            probabilities,
            classes=self.classes,
            options=self.options,
            threshold=self.threshold,
        )

    def _frames(
        self, images: Iterator[tuple[str, str | bytes]], chunk_size: int
    ) -> Iterator[pd.DataFrame]:
        while chunk := list(islice(images, chunk_size)):
            names, contents = zip(*chunk, strict=True)
            yield self.rows(names, contents)

    def _by_network(self, images: Sequence[str | bytes]) -> tuple[np.ndarray, list[str]]:
        """Decode and predict at once: each image is read only once."""
        network: Network = self.classifier  # type: ignore[assignment]
        problems = [""] * len(images)
        outputs = list(network.predict_batches(self._decoded(network, images, problems)))
        probabilities = np.zeros((len(images), len(self.classes)), np.float32)
        if outputs:
            probabilities[[not problem for problem in problems]] = np.concatenate(outputs)
        return probabilities, problems

    def _decoded(
        self, network: Network, images: Sequence[str | bytes], problems: list[str]
    ) -> Iterator[np.ndarray]:
        """Yield batches of the readable `images`; write the problems of others to `problems`."""
        data, size, batch = network.data, network.image_size, []

        def decode(image: str | bytes) -> np.ndarray | str:
            try:
                picture = read_picture(
                    image, size, max_pixels=data.max_pixels, value_range=data.value_range
                )
            except ImageError as problem:
                return str(problem)
            return np.asarray(to_square(picture, size, data.resize))

        for index, pixels in enumerate(in_threads(decode, images)):
            if isinstance(pixels, str):
                problems[index] = pixels
                continue
            batch.append(pixels)
            if len(batch) == self._batch_size:
                yield np.stack(batch)
                batch = []
        if batch:
            yield np.stack(batch)

    def _by_baseline(self, images: Sequence[str | bytes]) -> tuple[np.ndarray, list[str]]:
        """Check files, then predict the good ones, whose features may be cached."""
        data = self.classifier.data
        for attempt in range(ATTEMPTS):
            files = inspect_files(images, data.max_pixels, value_range=data.value_range)
            problems = files["problem"].tolist()
            good = [index for index, problem in enumerate(problems) if not problem]
            probabilities = np.zeros((len(images), len(self.classes)), np.float32)
            try:
                if good:
                    chosen = [images[index] for index in good]
                    probabilities[good] = self.classifier.probabilities(chosen)
                break
            except DataError:  # a file has changed since it was checked
                if attempt == ATTEMPTS - 1:
                    raise
        return probabilities, problems


def _threshold(classifier: LoadedClassifier, coverage: float) -> float:
    if not hasattr(classifier, "conformity"):
        raise RunError(
            f"The baseline {classifier.name!r} has no scores of held-out images, so it has no "
            "prediction sets: use the network of the run, or leave --coverage out."
        )
    scores = classifier.conformity
    if scores is None:
        raise RunError(
            f"The network {classifier.name!r} has no scores of held-out images, so it has no "
            "prediction sets: train it with validation images, by `transferkit train DIR`."
        )
    return float(scores.threshold(coverage))


def predict(
    run: str | Path,
    sources: ImageSource | Sequence[ImageSource],
    *,
    classifier: str = "",
    max_pixels: int | None = None,
    top_k: int = 0,
    abstain: float = 0.0,
    coverage: float = 0.0,
) -> pd.DataFrame:
    """Predict images by the network of `run`, or its baseline `classifier`.

    It is short for `Predictor.load(run, classifier, ...).predict(sources)`.

    Raises:
        RunError, ConfigError: as `Predictor.load`.
        DataError: there is no such file, or a source is no image.
    """
    predictor = Predictor.load(
        run,
        classifier,
        max_pixels=max_pixels,
        top_k=top_k,
        abstain=abstain,
        coverage=coverage,
    )
    return predictor.predict(sources)
