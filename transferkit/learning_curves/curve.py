"""Learning curve as data: accuracies by number of training images, and the gain of more."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from transferkit.learning_curves.doubling import Correctness, gain_of, law_of
from transferkit.learning_curves.power_law import Gain, PowerLaw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_FITTED_SIZE = 5  # images per class from which a law is fitted: below, errors are near chance
MIN_FITTED_SIZES = 3  # sizes that a law of three numbers is fitted to


@dataclasses.dataclass(frozen=True, eq=False)
class CurveLine:
    """Learning curve of one classifier.

    Attributes:
        marks: correctness of its predictions for the test images.
        law: power law of its error by images per class; None where there are too few sizes.
        gain: expected gain from twice the images; None likewise.
    """

    name: str
    kind: Literal["network", "baseline"]
    title: str
    marks: Correctness
    law: PowerLaw | None
    gain: Gain | None

    @classmethod
    def of(
        cls,
        name: str,
        kind: Literal["network", "baseline"],
        title: str,
        *,
        marks: Correctness,
        seed: int,
    ) -> CurveLine:
        """Return the line through `marks`."""
        fitted = marks.since(MIN_FITTED_SIZE)
        if len(fitted.sizes) < MIN_FITTED_SIZES:
            return cls(name, kind, title, marks, None, None)
        return cls(name, kind, title, marks, law_of(fitted), gain_of(fitted, seed=seed))

    @cached_property
    def accuracies(self) -> np.ndarray:
        """`(draws, sizes)` share 0..1 of the test images; NaN where a size has fewer draws."""
        return self.marks.accuracies

    @property
    def means(self) -> np.ndarray:
        """`(sizes,)` mean accuracy over the draws."""
        return np.asarray(np.nanmean(self.accuracies, axis=0))

    @property
    def deviations(self) -> np.ndarray:
        """`(sizes,)` standard deviation over the draws; NaN where there was one."""
        draws = np.isfinite(self.accuracies).sum(axis=0)
        squares = np.nansum((self.accuracies - self.means) ** 2, axis=0)
        return np.sqrt(squares / np.where(draws > 1, draws - 1, np.nan))


@dataclasses.dataclass(frozen=True, eq=False)
class LearningCurve:
    """Accuracy of classifiers by number of training images.

    Attributes:
        source: folder, list or data set that the images come from.
        classes: class names.
        images: `(sizes,)` training images, the mean over the draws; the last is all there are.
        test_images: number of test images, the same for all.
        draws: `(sizes,)` draws of each size; of the last there is one.
        lines: one per classifier, the network's first.
        majority_share: share of the test images that are of the most frequent class.
    """

    source: str
    classes: tuple[str, ...]
    images: np.ndarray
    test_images: int
    draws: np.ndarray
    lines: tuple[CurveLine, ...]
    majority_share: float

    @property
    def sizes(self) -> np.ndarray:
        """`(sizes,)` images per class, the mean over the classes."""
        return self.images / len(self.classes)

    def frame(self) -> pd.DataFrame:
        """Return the accuracies, one row per classifier, size and draw."""
        return pd.DataFrame(
            [
                {
                    "classifier": line.name,
                    "images": images,
                    "images_per_class": size,
                    "draw": draw + 1,
                    "accuracy": line.accuracies[draw, index],
                }
                for line in self.lines
                for index, (images, size) in enumerate(zip(self.images, self.sizes, strict=True))
                for draw in range(self.draws[index])
            ]
        )

    def plot(self) -> Figure:
        """Return a figure of accuracy by images per class: means, and standard deviations."""
        from matplotlib.figure import Figure  # 0.3 s

        figure = Figure(figsize=(7, 4.5), layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        for line in self.lines:
            means, deviations = line.means * 100, np.nan_to_num(line.deviations) * 100
            axes.errorbar(self.sizes, means, yerr=deviations, fmt="o-", capsize=3, label=line.name)
        axes.axhline(self.majority_share * 100, linestyle=":", color="grey", linewidth=1)
        axes.set_xlabel("training images per class")
        axes.set_ylabel("accuracy on the test images, %")
        axes.legend()
        return figure

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain Python values."""
        return {
            "source": self.source,
            "classes": list(self.classes),
            "images": self.images.tolist(),
            "images_per_class": self.sizes.tolist(),
            "test_images": self.test_images,
            "draws": self.draws.tolist(),
            "commonest_class": self.majority_share,
            "classifiers": [_line_json(line) for line in self.lines],
        }

    def __repr__(self) -> str:
        names = ", ".join(line.name for line in self.lines)
        return (
            f"<Curve up to {self.images[-1]:,.0f} images of {len(self.classes)} classes: {names}>"
        )


def _line_json(line: CurveLine) -> dict[str, Any]:
    gain = line.gain
    return {
        "name": line.name,
        "kind": line.kind,
        "title": line.title,
        "accuracy": line.means.tolist(),
        "deviation": [None if np.isnan(value) else float(value) for value in line.deviations],
        "law": None if line.law is None else dataclasses.asdict(line.law),
        "doubling": gain and {"gain": gain.gain} | dataclasses.asdict(gain.interval),
    }
