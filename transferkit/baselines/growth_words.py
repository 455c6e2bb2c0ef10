"""What a learning curve comes to, in sentences: is it worth to gather more, and who leads where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from transferkit.evidence.comparison import LEVEL, chance_of

if TYPE_CHECKING:
    from transferkit.baselines.growth import Curve, Line

FLAT, AT_BEST = 0.005, 0.01  # a gain of less than half a point, and of less than one at best
NEAR = 0.01  # a point below what all images bring, which is as good


def sentences(curve: Curve) -> list[str]:
    """What twice the images would bring the best, how many are enough, and who leads from where."""
    return [*_more(curve), *_enough(curve), *_leads(curve)]


def _more(curve: Curve) -> Iterator[str]:
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


def _enough(curve: Curve) -> Iterator[str]:
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


def _leads(curve: Curve) -> Iterator[str]:
    """Where the network leads over the best classic, and where a classic over the network."""
    network = next((line for line in curve.lines if line.kind == "network"), None)
    classics = [line for line in curve.lines if line.kind == "classic"]
    if network is None or not classics:
        return
    rival = max(classics, key=lambda line: line.means[-1])
    if _level(network, rival):
        yield (
            f"With all of them, {_tests(curve.test_images)} cannot tell {network.name} "
            f"({network.means[-1] * 100:.1f} %) and {rival.name} ({rival.means[-1] * 100:.1f} %) "
            "apart."
        )
        return
    ahead = network.means[-1] > rival.means[-1]
    leader, other = (network, rival) if ahead else (rival, network)
    rivals = classics if ahead else [network]
    behind = [
        place
        for place in range(len(curve.sizes) - 1)
        if any(_surely_behind(leader, each, place) for each in rivals)
    ]
    margin = f"{_points(abs(network.means[-1] - rival.means[-1]))} with all of them"
    if len(leader.accuracies) == 1:  # of the smaller sizes, too
        yield f"{leader.name} leads over {other.name} by {margin}."
        return
    if not behind:
        yield f"{leader.name} leads over {other.name} by {margin}, at no size clearly behind."
        return
    verb = "overtakes" if leader is rival else "leads over"
    yield (
        f"{leader.name} {verb} {other.name} from {_counted(curve.sizes[behind[-1] + 1])} a class "
        f"on, by {margin}; with fewer it is behind."
    )


def _level(first: Line, second: Line) -> bool:
    """Whether the two may be equally right with all images, by the test of a comparison."""
    # Of all images there is one draw: each share is 0 or 1.
    right = np.stack([each.marks.shares[-1] > 0.5 for each in (first, second)], axis=1)
    return chance_of(right, first.marks.groups) >= LEVEL


def _surely_behind(leader: Line, other: Line, place: int) -> bool:
    """Whether `leader` is behind at the size of this `place`, by more than the draws differ.

    One draw alone cannot say that.
    """
    ahead = leader.accuracies[:, place] - other.accuracies[:, place]
    ahead = ahead[np.isfinite(ahead)]
    if len(ahead) == 1:
        return False
    return bool(ahead.mean() < -2 * ahead.std(ddof=1) / np.sqrt(len(ahead)))


def _tests(images: int) -> str:
    return f"{images:,} test image{'' if images == 1 else 's'}"


def _points(share: float) -> str:
    return f"{share * 100:.1f} points"


def _counted(size: float) -> str:
    return f"{size:,.0f} image{'' if round(size) == 1 else 's'}"
