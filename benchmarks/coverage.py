"""How often what is said to hold in 95 of 100 tests does, and how often chance is called skill.

    python benchmarks/coverage.py
    python benchmarks/coverage.py --tests 100 --draws 300

From a world of made answers, whose scores are known, tests are drawn. For each kind of test: the
share of them, in per cent, in which the 95 % interval holds the score on the whole world (93 to 97
is wanted), and that in which two equally good classifiers are told apart at 5 % (4 to 6, or fewer):
by McNemar's exact test, by its mid-p variant, and by exchanges of whole groups. Then, by how many
images only one of the two is right on, the same share as it is worked out for the first two. Last,
of slices that are all equally hard: the share of the slices' 95 % intervals that hold the accuracy,
with the groups of the images left out and with them, the share of tests in which the adjusted ones
hold in all slices, and that in which the worst slice is called clearly worse than the others.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.special import softmax
from scipy.stats import binom, norm

from transferkit.evaluation.bootstrap import DRAWS
from transferkit.evaluation.intervals import score_intervals
from transferkit.evaluation.metrics import score
from transferkit.evaluation.sign_flips import exact_sign_flip
from transferkit.evaluation.significance import mcnemar, mcnemar_mid_p, paired_p_values, pairwise
from transferkit.evaluation.slices import slice_scores
from transferkit.runtime.progress import log

TESTS, UNITS = 1000, 40_000  # that are drawn, and of which a world is made
LEVEL = 0.05
MOST = 8  # images of a group
ALIKE, SHARED = 0.7, 0.7  # of the noise: of a group's images, and of the two classifiers
SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
RATES = ("McNemar", "mid-p", "by group")
WIDTHS = (9, 9, 9, 9, 11)
DIFFERING = (5, 10, 20, 30, 50, 100, 200, 500, 1000)


@dataclasses.dataclass(frozen=True)
class World:
    """Images, or groups of them, and how well they are told apart.

    Attributes:
        units: images of a test, or groups where it is `grouped`.
        skill: how far the classes are apart; 2 is right on four of five of five classes.
        rarer: each class has so much of the one before.
        surer: how many times as sure as they should be the answers are, in logits.
    """

    name: str
    classes: int
    units: int
    skill: float
    grouped: bool = False
    rarer: float = 1.0
    surer: float = 1.0


WORLDS = (
    World("2 classes, 40 images", 2, 40, 1.3),
    World("5 classes, 100 images", 5, 100, 1.7),
    World("5 classes, 300, too sure", 5, 300, 1.7, surer=2.5),
    World("3 easy classes, 50 images", 3, 50, 2.6),
    World("3 easy classes, 150 images", 3, 150, 2.6),
    World("20 classes, 100 images", 20, 100, 2.6),
    World("10 unequal classes, 200", 10, 200, 2.3, rarer=0.75),
    World("10 unequal classes, 1000", 10, 1000, 2.3, rarer=0.75),
    World("5 classes, 15 groups", 5, 15, 1.7, grouped=True),
    World("5 classes, 40 groups", 5, 40, 1.7, grouped=True),
    World("4 unequal classes, 60 groups", 4, 60, 2.0, grouped=True, rarer=0.75),
    World("3 easy classes, 100 groups", 3, 100, 2.6, grouped=True),
)
SLICES = (  # how many, the units of each, and whether these are groups of images
    (5, 30, False),
    (5, 200, False),
    (20, 30, False),
    (5, 4, True),
    (5, 10, True),
    (5, 30, True),
    (20, 10, True),
    (30, 30, True),
)
RIGHT = 0.85  # share of the images of every slice
Made = tuple[np.ndarray, list[np.ndarray], np.ndarray]
"""The truth `(images,)`, two classifiers' answers `(images, classes)`, and the images' units."""


def main() -> None:
    """Print a row a world, and a row a number of images that differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tests", type=int, default=TESTS, help="that are drawn of each world")
    parser.add_argument("--draws", type=int, default=DRAWS, help="of the bootstrap in each test")
    asked = parser.parse_args()
    print(f"{asked.tests} tests of each, %              held by the interval of the", end="")
    print("                told apart, though equal, by")
    print(f"{'':<29}{'accuracy':>9}{'balanced':>9}{'macro F1':>9}{'log loss':>9}", end="")
    print(f"{'difference':>11}" + "".join(f"{name:>10}" for name in RATES))
    for world in WORLDS:
        log(world.name)
        held, apart = measure(world, tests=asked.tests, draws=asked.draws)
        cells = "".join(
            f"{each * 100:>{width}.1f}" for each, width in zip(held, WIDTHS, strict=True)
        )
        print(f"{world.name:<29}{cells}" + "".join(f"{each * 100:>10.1f}" for each in apart))
    print(f"\n{'images that differ':<29}" + "".join(f"{count:>8}" for count in DIFFERING))
    for name, test in (("McNemar", mcnemar), ("mid-p", mcnemar_mid_p)):
        rates = [worked_out(test, count) * 100 for count in DIFFERING]
        print(f"{name:<29}" + "".join(f"{rate:>8.1f}" for rate in rates))
    rates = [with_a_pair(count) * 100 for count in DIFFERING]
    print(f"{'by group, one pair of copies':<29}" + "".join(f"{rate:>8.1f}" for rate in rates))
    print(f"\n{'equal slices':<29}{'no groups':>11}{'groups':>8}{'all at once':>13}{'worse':>7}")
    for slices, units, grouped in SLICES:
        name = f"{slices} of {units} {'groups' if grouped else 'images'}"
        log(name)
        naive, own, all_of, worse = measure_slices(slices, units, grouped, tests=asked.tests) * 100
        print(f"{name:<29}{naive:>11.1f}{own:>8.1f}{all_of:>13.1f}{worse:>7.1f}")


def measure(world: World, *, tests: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """The shares of `tests`: held by each interval `(5,)`, and told apart by each test `(3,)`."""
    truth, answers, units = make(world)
    names = [str(number) for number in range(world.classes)]
    known = [score(truth, each, names) for each in answers]
    real = [getattr(known[0], name) for name in SCORES]
    real.append(known[0].accuracy - known[1].accuracy)
    first, rng = np.searchsorted(units, np.arange(UNITS + 1)), np.random.default_rng(1)
    held, apart = np.zeros(5), np.zeros(3)
    for seed in range(tests):
        chosen = rng.integers(UNITS, size=world.units)
        rows = np.concatenate([np.arange(first[unit], first[unit + 1]) for unit in chosen])
        places = np.repeat(np.arange(world.units), np.diff(first)[chosen])
        groups = [str(place) for place in places] if world.grouped else ()
        of = [each[rows] for each in answers]
        intervals = score_intervals(truth[rows], of[0], names, groups, draws=draws, seed=seed)
        named = {"first": of[0], "second": of[1]}
        (difference,) = pairwise(truth[rows], named, groups, draws=draws, seed=seed)
        right = np.stack([each.argmax(axis=1) == truth[rows] for each in of], axis=1)
        found = [*(intervals[name] for name in SCORES), difference.interval]
        held += [each.low <= value <= each.high for each, value in zip(found, real, strict=True)]
        p_values = [
            mcnemar(difference.wins, difference.losses),
            mcnemar_mid_p(difference.wins, difference.losses),
            *paired_p_values(right, places, [(0, 1)], draws=draws, seed=seed),
        ]
        apart += np.array(p_values) < LEVEL
    return held / tests, apart / tests


def make(world: World) -> Made:
    """A world of `UNITS`: the images of a group are of one class, and have some of their noise."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, MOST + 1, UNITS) if world.grouped else np.ones(UNITS, int)
    units = np.repeat(np.arange(UNITS), sizes)
    often = world.rarer ** np.arange(world.classes)
    often /= often.sum()
    truth = rng.choice(world.classes, size=UNITS, p=often)[units]

    def noise() -> np.ndarray:
        own = rng.normal(size=(len(units), world.classes))
        if not world.grouped:
            return own
        of_group = rng.normal(size=(UNITS, world.classes))[units]
        return np.sqrt(ALIKE) * of_group + np.sqrt(1 - ALIKE) * own

    shared, answers = noise(), []
    for _ in range(2):
        seen = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * noise()
        seen += world.skill * np.eye(world.classes)[truth]
        logits = world.skill * seen + np.log(often)  # of the best that could be answered
        answers.append(softmax(logits * world.surer, axis=1))
    return truth, answers, units


def worked_out(test: Callable[[int, int], float], differing: int) -> float:
    """How often `test` tells equal ones apart that differ on so many images: the sum over wins."""
    wins = np.arange(differing + 1)
    apart = [test(int(each), differing - int(each)) < LEVEL for each in wins]
    return float(binom.pmf(wins, differing, 0.5) @ apart)


def with_a_pair(differing: int) -> float:
    """The same, of the test by group, where two of the images are copies of one another."""
    alone = np.arange(differing - 1)  # wins of the other images; the pair is won, or all are turned
    rest = [np.repeat([1, -1], [wins, differing - 2 - wins]) for wins in alone]
    apart = [exact_sign_flip(np.append(each, 2)) < LEVEL for each in rest]
    return float(binom.pmf(alone, differing - 2, 0.5) @ apart)


def measure_slices(slices: int, units: int, grouped: bool, *, tests: int) -> np.ndarray:
    """The shares `(4,)` of equal slices: held without and with groups, all held, called worse."""
    rng, counts = np.random.default_rng(0), np.zeros(4)
    truth_of = np.eye(2)[::-1]
    for _ in range(tests):
        sizes = (
            rng.integers(1, MOST + 1, slices * units) if grouped else np.ones(slices * units, int)
        )
        of_unit = np.repeat(np.arange(slices * units), sizes)
        ease = np.sqrt(ALIKE) * rng.normal(size=slices * units)[of_unit]
        luck = np.sqrt(1 - ALIKE) * rng.normal(size=len(of_unit))
        right = ease + luck < norm.ppf(RIGHT)
        names, groups = [str(unit // units) for unit in of_unit], [str(unit) for unit in of_unit]
        answers = truth_of[right.astype(int)]
        naive, found = (
            slice_scores(np.zeros(len(right), int), answers, names, each) for each in ((), groups)
        )
        alone, together, adjusted = (
            [each.low <= RIGHT <= each.high for each in intervals]
            for intervals in (
                [each.interval for each in naive],
                [each.interval for each in found],
                [each.adjusted for each in found],
            )
        )
        shares = np.mean(alone), np.mean(together), all(adjusted), found[0].is_below
        counts += np.array(shares, float)
    return counts / tests


if __name__ == "__main__":
    main()
