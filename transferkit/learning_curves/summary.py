"""Summary of a learning curve: its table, and whether more images would help and who leads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from html import escape
from io import StringIO
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transferkit.learning_curves.curve import CurveLine, LearningCurve
from transferkit.learning_curves.leads import Leads, leads

MAX_FLAT_GAIN, MAX_FLAT_BOUND = 0.005, 0.01  # half a point, and a point at the interval's end
MAX_LOSS_OF_ACCURACY = 0.01  # a point below the accuracy with all images, which is as good
TABLE_WIDTH = 120  # characters of the table as text


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LearningCurveSummary(LearningCurve):
    """A learning curve as table, sentences and HTML; its numbers are those of `LearningCurve`."""

    @cached_property
    def verdict(self) -> list[str]:
        """A few sentences on the curve, the most important first."""
        return sentences(self)

    @property
    def headings(self) -> list[str]:
        """Headings of the table's columns."""
        return ["images per class", *(line.name for line in self.lines), "images", "draws"]

    def rows(self) -> list[list[str]]:
        """Return the table's cells as text: mean accuracy and standard deviation over the draws."""
        rows = []
        for index, (size, images) in enumerate(zip(self.sizes, self.images, strict=True)):
            cells = [_share(line.means[index], line.deviations[index]) for line in self.lines]
            start = "all: " if index == len(self.sizes) - 1 else ""
            rows.append([f"{start}{size:,.0f}", *cells, f"{images:,.0f}", f"{self.draws[index]}"])
        return rows

    def table(self) -> Table:
        """Return a rich table with one row per size and one column per classifier."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in self.headings:
            table.add_column(Text(heading), justify="right", overflow="fold")
        for row in self.rows():
            table.add_row(*map(Text, row))
        return table

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain Python values, the sentences included."""
        return super().to_json() | {"verdict": self.verdict}

    def __str__(self) -> str:
        console = Console(
            file=StringIO(), width=TABLE_WIDTH, color_system=None, force_terminal=False
        )
        with console.capture() as captured:
            console.print(self.table())
        lines = [line.rstrip() for line in captured.get().splitlines()]
        return "\n".join(["\n".join(lines).strip("\n"), "", *self.verdict])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.headings)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows()
        )
        below = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.verdict)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def sentences(curve: LearningCurve) -> list[str]:
    """Return sentences on the gain from twice the images, how many are enough, and who leads."""
    return [*_more(curve), *_enough(curve), *_leads(curve)]


def _more(curve: LearningCurve) -> Iterator[str]:
    """Return a sentence on the gain from twice the images for the best classifier."""
    best = max(curve.lines, key=lambda line: line.means[-1])
    if best.gain is None:
        yield (
            f"With {_counted(curve.sizes[-1])} per class there are too few sizes to estimate the "
            "gain from more."
        )
        return
    gain, within = best.gain.gain, f"({best.gain.interval.in_percent})"
    if len(best.accuracies) == 1:
        yield (
            f"Twice the images would bring {best.name} about {_points(gain)}; a single subset "
            "gives no interval."
        )
    elif gain < MAX_FLAT_GAIN and best.gain.interval.high < MAX_FLAT_BOUND:
        yield (
            f"The curve is flat: twice the images would bring {best.name} hardly anything, about "
            f"{_points(gain)} {within}."
        )
    else:
        yield f"Twice the images would bring {best.name} about {_points(gain)} {within}."


def _enough(curve: LearningCurve) -> Iterator[str]:
    """Return the sentence on the size whose accuracy is within a point of that with all images."""
    best = max(curve.lines, key=lambda line: line.means[-1])
    near = np.flatnonzero(best.means >= best.means[-1] - MAX_LOSS_OF_ACCURACY)
    first = len(best.means) - 1
    while first - 1 in near:
        first -= 1
    if first < len(best.means) - 1:
        yield (
            f"It is within a point of its {best.means[-1] * 100:.1f} % with "
            f"{_counted(curve.sizes[first])} per class already, of {curve.sizes[-1]:,.0f}."
        )


def _leads(curve: LearningCurve) -> Iterator[str]:
    """Return who leads, the network or the best baseline, and from which size on."""
    network = next((line for line in curve.lines if line.kind == "network"), None)
    baselines = [line for line in curve.lines if line.kind == "baseline"]
    if network is None or not baselines:
        return
    rival = max(baselines, key=lambda line: line.means[-1])
    leader, other = sorted((network, rival), key=lambda line: -line.means[-1])
    comparison = leads(leader.marks.right, other.marks.right, leader.marks.groups)
    if comparison.is_level:
        yield (
            f"With all of them, {_tests(curve.test_images)} cannot tell {network.name} "
            f"({network.means[-1] * 100:.1f} %) and {rival.name} ({rival.means[-1] * 100:.1f} %) "
            "apart."
        )
        return
    lead = f"{leader.name} leads over {other.name} by"
    margin = f"{_points(leader.means[-1] - other.means[-1])} with all of them"
    if len(leader.accuracies) == 1:  # of the smaller sizes, too
        yield f"{lead} {margin}."
    elif not len(comparison.behind()):
        yield f"{lead} {margin}, at no size clearly behind."
    else:
        yield _overtakes(curve, (leader, other), comparison, margin)


def _overtakes(
    curve: LearningCurve, pair: tuple[CurveLine, CurveLine], comparison: Leads, margin: str
) -> str:
    """Return the sentence on the sizes between which the first of `pair` overtakes the second."""
    leader, other = pair
    behind = int(comparison.behind()[-1])
    ahead = next(int(index) for index in comparison.ahead() if index > behind)
    by = _points(-comparison.differences[behind])
    return (
        f"{leader.name} overtakes {other.name} between {curve.sizes[behind]:,.0f} and "
        f"{_counted(curve.sizes[ahead])} per class: it is clearly behind with "
        f"{curve.sizes[behind]:,.0f}, by {by}, and clearly ahead with {curve.sizes[ahead]:,.0f}; "
        f"it leads by {margin}."
    )


def _share(mean: float, deviation: float) -> str:
    spread = "" if np.isnan(deviation) else f" ± {deviation * 100:.1f}"
    return f"{mean * 100:.1f} %{spread}"


def _tests(images: int) -> str:
    return f"{images:,} test image{'' if images == 1 else 's'}"


def _points(share: float) -> str:
    return f"{share * 100:.1f} points"


def _counted(size: float) -> str:
    return f"{size:,.0f} image{'' if round(size) == 1 else 's'}"
