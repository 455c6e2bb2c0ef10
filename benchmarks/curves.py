"""How often what a learning curve says is so: what more images bring, and who overtakes whom.

    python benchmarks/curves.py
    python benchmarks/curves.py --tests 100

Curves are drawn from made worlds, in which the accuracy at every size is known. First, by the
draws of each size, in per cent: how often the 95 % interval of what twice the images would bring
holds it. Then, by world: how often something false is said of who is ahead where (at most 5 is
wanted), how often it is said that one overtakes the other, and how often that one leads. The draws
of a size differ in their training images; all are scored on the same test images, which are hard or
easy for both classifiers.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
from scipy.stats import norm

from transferkit.learning_curves.leads import leads
from transferkit.learning_curves.power_law import PowerLaw, doubling
from transferkit.runtime.progress import log

TESTS = 1000  # that are drawn of each world
LAW = PowerLaw(floor=0.05, scale=0.6, exponent=0.5)
SIZES = np.array([5, 10, 20, 50, 100, 180])  # images per class
DEVIATIONS = np.array([0.02, 0.015, 0.01, 0.007, 0.005, 0.004])  # of the error over the draws
CURVES = ((5, 5, 5, 5, 5, 5), (5, 5, 5, 2, 2, 1), (3, 3, 3, 2, 2, 1), (2, 2, 2, 2, 2, 1))
REDRAWN = 200  # times that a law is fitted for an interval
DRAWN = np.array([0.35, 0.3, 0.25, 0.2, 0.15, 0.1])  # of the score over draws, in its own unit
EASE, OWN_EASE = 1.0, 0.4  # deviations of how easy an image is: for both, and for each of the two


@dataclasses.dataclass(frozen=True)
class World:
    """Two classifiers by the images that they learned from.

    Attributes:
        first: accuracies at `SIZES`, share 0..1.
        second: those of the other.
        images: test images.
        draws: of each size.
        group: test images of a group, which are equally easy.
    """

    name: str
    first: tuple[float, ...]
    second: tuple[float, ...]
    images: int = 400
    draws: tuple[int, ...] = CURVES[1]
    group: int = 1


RISING = (0.55, 0.62, 0.7, 0.78, 0.83, 0.86)
AHEAD = tuple(share + 0.01 for share in RISING)
LATER = (0.55, 0.62, 0.7, 0.8, 0.87, 0.92)
CROSSING = (0.45, 0.55, 0.67, 0.79, 0.87, 0.92)
WORLDS = (
    World("equal", RISING, RISING),
    World("equal, 2 draws", RISING, RISING, draws=CURVES[3]),
    World("equal, 50 images", RISING, RISING, images=50),
    World("equal, 4,000 images", RISING, RISING, images=4_000),
    World("equal, 100 groups", RISING, RISING, group=4),
    World("always ahead, by 1 point", AHEAD, RISING),
    World("the same, 4,000 images", AHEAD, RISING, images=4_000),
    World("equal at first, then ahead", LATER, RISING),
    World("the same, 4,000 images", LATER, RISING, images=4_000),
    World("the same, 2 draws", LATER, RISING, images=4_000, draws=CURVES[3]),
    World("crossing", CROSSING, RISING),
    World("crossing, 2 draws", CROSSING, RISING, draws=CURVES[3]),
    World("crossing, 4,000 images", CROSSING, RISING, images=4_000),
    World("crossing, 100 groups", CROSSING, RISING, group=4),
)


def main() -> None:
    """Print a row a number of draws, and a row a world."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", type=int, default=TESTS, help="that are drawn of each world")
    asked = parser.parse_args()
    print(
        f"draws of each size            held, what twice the images would bring, % of {asked.tests}"
    )
    for counts in CURVES:
        log(f"Curves of {counts} draws")
        share = held_of_curves(np.array(counts), tests=asked.tests)
        print(f"{', '.join(map(str, counts)):<29}{share * 100:>5.1f}")
    print(f"\n{asked.tests} curves of each, %         false  overtakes  leads")
    for world in WORLDS:
        log(world.name)
        false, overtakes, lead = said_of_leads(world, tests=asked.tests) * 100
        print(f"{world.name:<29}{false:>5.1f}{overtakes:>11.1f}{lead:>7.1f}")


def held_of_curves(counts: np.ndarray, *, tests: int) -> float:
    """How often the interval of a curve with so many draws a size holds what is so."""
    rng, most = np.random.default_rng(0), counts.max()
    gain = float(LAW.error(SIZES[-1]) - LAW.error(2 * SIZES[-1]))
    held = 0
    for seed in range(tests):
        errors = LAW.error(SIZES) + DEVIATIONS * rng.normal(size=(most, len(SIZES)))
        errors[np.arange(most)[:, np.newaxis] >= counts] = np.nan
        found = doubling(SIZES, errors, draws=REDRAWN, seed=seed).interval
        held += found.low <= gain <= found.high
    return held / tests


def said_of_leads(world: World, *, tests: int) -> np.ndarray:
    """The shares of `tests` in which it is `(false, an overtaking, a lead)` what a curve says.

    That one overtakes the other claims that it is behind at one size, and ahead at a larger one.
    """
    rng, counts = np.random.default_rng(0), np.zeros(3)
    groups = [str(row // world.group) for row in range(world.images)] if world.group > 1 else ()
    real = np.array(world.first) - np.array(world.second)
    for _ in range(tests):
        right = answers(world, rng)
        order = 1 if right[0][-1].mean() >= right[1][-1].mean() else -1
        first, second = right[::order]
        found = leads(first, second, groups)
        if found.is_level:
            continue
        behind = found.behind()
        claims = [real[-1] * order <= 0]
        if len(behind):
            later = next(place for place in found.ahead() if place > behind[-1])
            claims += [real[behind[-1]] * order >= 0, real[later] * order <= 0]
        counts += [any(claims), len(behind) > 0, True]
    return counts / tests


def answers(world: World, rng: np.random.Generator) -> list[list[np.ndarray]]:
    """Which test images each of the two is right on: for each size `(draws, images)` bool.

    An answer is right where the score of the classifier, its draw's luck, the ease of the image and
    the chance of the two sum to more than 0.
    """
    units = np.arange(world.images) // world.group
    ease = EASE * rng.normal(size=units.max() + 1)[units]
    right = []
    for accuracies in (world.first, world.second):
        own = ease + OWN_EASE * rng.normal(size=units.max() + 1)[units]
        sizes = []
        for accuracy, drawn, draws in zip(accuracies, DRAWN, world.draws, strict=True):
            luck = drawn if draws > 1 else 0.0  # all images are one set: there is no luck in it
            spread = np.sqrt(1 + EASE**2 + OWN_EASE**2 + luck**2)
            score = norm.ppf(accuracy) * spread + luck * rng.normal(size=(draws, 1))
            sizes.append(score + own + rng.normal(size=(draws, world.images)) > 0)
        right.append(sizes)
    return right


if __name__ == "__main__":
    main()
