"""What a learning curve has found: accuracies by training images, and what more would bring."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from html import escape
from io import StringIO
from typing import Any, Literal

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transferkit.learning_curves.doubling import Correctness, gain_of, law_of
from transferkit.learning_curves.power_law import Gain, PowerLaw
from transferkit.learning_curves.summary import sentences

FITTED = 5  # images a class from which a law is fitted: before, errors come from near chance
FEWEST = 3  # sizes that a law of three numbers is fitted to
WIDTH = 120  # characters of the table as text


@dataclasses.dataclass(frozen=True, eq=False)
class CurveLine:
    """One classifier at every size.

    Attributes:
        marks: which test images were right.
        law: of its error by images a class; None where there are too few sizes.
        gain: what twice the images would bring; None likewise.
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
        """The line through `marks`."""
        fitted = marks.since(FITTED)
        if len(fitted.sizes) < FEWEST:
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
    """How right classifiers are, by how many images they learnt from.

    Attributes:
        source: what the images are from.
        classes: the class names.
        images: `(sizes,)` images learnt from, the mean over the draws; the last is all there are.
        test_images: that all were scored on.
        draws: `(sizes,)` of each size; of the last there is one.
        lines: a classifier each, the network's first.
        commonest: share of the test images that are of the class with most of them.
    """

    source: str
    classes: tuple[str, ...]
    images: np.ndarray
    test_images: int
    draws: np.ndarray
    lines: tuple[CurveLine, ...]
    commonest: float

    @property
    def sizes(self) -> np.ndarray:
        """`(sizes,)` images a class, the mean over the classes."""
        return self.images / len(self.classes)

    @cached_property
    def verdict(self) -> list[str]:
        """What it comes to, in a few sentences, the most important first."""
        return sentences(self)

    @property
    def headings(self) -> list[str]:
        """Of the columns of the table."""
        return ["images a class", *(line.name for line in self.lines), "images", "draws"]

    def table(self) -> Table:
        """A row a size, a column a classifier, as a table of rich."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in self.headings:
            table.add_column(Text(heading), justify="right", overflow="fold")
        for row in self.rows():
            table.add_row(*map(Text, row))
        return table

    def rows(self) -> list[list[str]]:
        """The cells of the table as text: mean accuracy and its deviation over the draws."""
        found = []
        for place, (size, images) in enumerate(zip(self.sizes, self.images, strict=True)):
            cells = [_share(line.means[place], line.deviations[place]) for line in self.lines]
            start = "all: " if place == len(self.sizes) - 1 else ""
            found.append([f"{start}{size:,.0f}", *cells, f"{images:,.0f}", f"{self.draws[place]}"])
        return found

    def frame(self) -> pd.DataFrame:
        """A row for each classifier, size and draw."""
        return pd.DataFrame(
            [
                {
                    "classifier": line.name,
                    "images": images,
                    "images_per_class": size,
                    "draw": draw + 1,
                    "accuracy": line.accuracies[draw, place],
                }
                for line in self.lines
                for place, (images, size) in enumerate(zip(self.images, self.sizes, strict=True))
                for draw in range(self.draws[place])
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as plain Python values."""
        return {
            "source": self.source,
            "classes": list(self.classes),
            "images": self.images.tolist(),
            "images_per_class": self.sizes.tolist(),
            "test_images": self.test_images,
            "draws": self.draws.tolist(),
            "commonest_class": self.commonest,
            "verdict": self.verdict,
            "classifiers": [_line_json(line) for line in self.lines],
        }

    def __str__(self) -> str:
        console = Console(file=StringIO(), width=WIDTH, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(self.table())
        lines = [line.rstrip() for line in captured.get().splitlines()]
        return "\n".join(["\n".join(lines).strip("\n"), "", *self.verdict])

    def __repr__(self) -> str:
        names = ", ".join(line.name for line in self.lines)
        return (
            f"<Curve up to {self.images[-1]:,.0f} images of {len(self.classes)} classes: {names}>"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.headings)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows()
        )
        below = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.verdict)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def _share(mean: float, deviation: float) -> str:
    spread = "" if np.isnan(deviation) else f" ± {deviation * 100:.1f}"
    return f"{mean * 100:.1f} %{spread}"


def _line_json(line: CurveLine) -> dict[str, Any]:
    gain = line.gain
    return {
        "name": line.name,
        "kind": line.kind,
        "title": line.title,
        "accuracy": line.means.tolist(),
        "deviation": [None if np.isnan(each) else float(each) for each in line.deviations],
        "law": None if line.law is None else dataclasses.asdict(line.law),
        "doubling": gain and {"gain": gain.gain} | dataclasses.asdict(gain.interval),
    }
