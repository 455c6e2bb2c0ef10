"""What a learning curve comes to, in sentences: is it worth to gather more, and who leads where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from transferkit.learning_curves.leads import Leads, leads

if TYPE_CHECKING:
    from transferkit.learning_curves.curve import CurveLine, LearningCurve

FLAT, AT_BEST = 0.005, 0.01  # a gain of less than half a point, and of less than one at best
NEAR = 0.01  # a point below what all images bring, which is as good


def sentences(curve: LearningCurve) -> list[str]:
    """What twice the images would bring the best, how many are enough, and who leads from where."""
    return [*_more(curve), *_enough(curve), *_leads(curve)]


def _more(curve: LearningCurve) -> Iterator[str]:
    """What twice the images would bring to the classifier that is best with all."""
    best = max(curve.lines, key=lambda line: line.means[-1])
    if best.gain is None:
        yield (
            f"With {_counted(curve.sizes[-1])} a class there are too few sizes to tell what more "
            "would bring."
        )
        return
    gain, within = best.gain.gain, f"({best.gain.interval.in_percent})"
    if len(best.accuracies) == 1:
        yield (
            f"Twice the images would bring {best.name} about {_points(gain)}; "
            "how far to trust that, one draw cannot say."
        )
    elif gain < FLAT and best.gain.interval.high < AT_BEST:
        yield (
            f"The curve is flat: twice the images would bring {best.name} hardly anything, about "
            f"{_points(gain)} {within}."
        )
    else:
        yield f"Twice the images would bring {best.name} about {_points(gain)} {within}."


def _enough(curve: LearningCurve) -> Iterator[str]:
    """From how many images on the best is within a point of what it reaches with all."""
    best = max(curve.lines, key=lambda line: line.means[-1])
    near = np.flatnonzero(best.means >= best.means[-1] - NEAR)
    first = len(best.means) - 1
    while first - 1 in near:
        first -= 1
    if first < len(best.means) - 1:
        yield (
            f"It comes within a point of its {best.means[-1] * 100:.1f} % with "
            f"{_counted(curve.sizes[first])} a class already, of {curve.sizes[-1]:,.0f}."
        )


def _leads(curve: LearningCurve) -> Iterator[str]:
    """From where on the network leads over the best baseline with all images, or that over it."""
    network = next((line for line in curve.lines if line.kind == "network"), None)
    baselines = [line for line in curve.lines if line.kind == "baseline"]
    if network is None or not baselines:
        return
    rival = max(baselines, key=lambda line: line.means[-1])
    leader, other = sorted((network, rival), key=lambda line: -line.means[-1])
    found = leads(leader.marks.right, other.marks.right, leader.marks.groups)
    if found.is_level:
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
    elif not len(found.behind()):
        yield f"{lead} {margin}, at no size clearly behind."
    else:
        yield _overtakes(curve, (leader, other), found, margin)


def _overtakes(
    curve: LearningCurve, pair: tuple[CurveLine, CurveLine], found: Leads, margin: str
) -> str:
    """Between which sizes the first of `pair` overtakes the second: what is clear, and no more."""
    leader, other = pair
    behind = int(found.behind()[-1])
    ahead = next(int(place) for place in found.ahead() if place > behind)
    by = _points(-found.differences[behind])
    return (
        f"{leader.name} overtakes {other.name} between {curve.sizes[behind]:,.0f} and "
        f"{_counted(curve.sizes[ahead])} a class: it is clearly behind with "
        f"{curve.sizes[behind]:,.0f}, by {by}, and clearly ahead with {curve.sizes[ahead]:,.0f}; "
        f"it leads by {margin}."
    )


def _tests(images: int) -> str:
    return f"{images:,} test image{'' if images == 1 else 's'}"


def _points(share: float) -> str:
    return f"{share * 100:.1f} points"


def _counted(size: float) -> str:
    return f"{size:,.0f} image{'' if round(size) == 1 else 's'}"
