"""How often conformal prediction sets hold the right class, beside the coverage asked for.

    python benchmarks/conformal.py
    python benchmarks/conformal.py --draws 200 --splits 3 --no-runs

First by simulation: from worlds whose probabilities are known, images to calibrate with and images
to predict are drawn. For each world and each coverage that its images are enough for: the share of
predicted images whose set holds their class, in per cent, the mean over the draws; and the mean
number of classes in a set. By sets whose classes are whole numbers of images, a little more than
was asked for is right: up to one over the number of images (or groups) and one. Where the network
is right more often than was asked for, sets of one class hold the right one that often too.

Then by real runs: on each of the two samples that come with the package, the network is trained for
each of several splits, and its test images get sets by the scores that were saved with it, which
are of the folds of the head (cross-conformal).
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
from scipy.special import softmax

import transferkit as tk
from transferkit.evaluation.conformal import (
    FOLDS,
    ConformityScores,
    conformity_scores,
    min_groups,
    prediction_sets,
)
from transferkit.runtime.progress import log

DRAWS, SPLITS, TESTED = 1000, 10, 500  # draws of a world, splits of a sample, images to predict
COVERAGES = (0.8, 0.9, 0.95, 0.99)
GROUP_SIZE = 8  # images at most


@dataclasses.dataclass(frozen=True)
class World:
    """A classifier and images whose class it knows so well.

    Attributes:
        units: images to calibrate with, or groups of images where it is `grouped`.
        skill: standard deviation of the logits; 2 is right on two of three of five classes.
        sureness: factor of the logits; 1 is calibrated.
    """

    name: str
    classes: int
    units: int
    skill: float
    sureness: float = 1.0
    grouped: bool = False


WORLDS = (
    World("calibrated, 5 classes", 5, 500, 3.0),
    World("overconfident", 5, 500, 3.0, sureness=4.0),
    World("underconfident", 5, 500, 3.0, sureness=0.3),
    World("100 classes", 100, 1000, 3.0),
    World("nearly always right", 5, 500, 30.0),
    World("chance", 5, 500, 0.01),
    World("few images: 25", 5, 25, 3.0),
    World("few images: 100", 5, 100, 3.0),
    World("60 groups of 1 to 8", 5, 60, 3.0, grouped=True),
)


def main() -> None:
    """Print a row per world, and a row per sample."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=DRAWS, help="of each world")
    parser.add_argument("--splits", type=int, default=SPLITS, help="of each sample")
    parser.add_argument("--no-runs", action="store_true", help="leave out the real networks")
    asked = parser.parse_args()
    print(f"{'held, % (classes in a set)':<34}{'accuracy':>9}", end="")
    print("".join(f"{f'{coverage:.0%} asked':>15}" for coverage in COVERAGES), flush=True)
    for world in WORLDS:
        print_row(world.name, [simulate(world, draw) for draw in range(asked.draws)])
    if asked.no_runs:
        return
    with tempfile.TemporaryDirectory() as name:
        for title, write in (("digits", tk.write_digits), ("patches", tk.write_patches)):
            folder = write(Path(name) / title)
            rows = [measure(folder, seed) for seed in range(asked.splits)]
            print_row(f"{title}, {asked.splits} splits", rows)


Row = tuple[float, list[tuple[float, float]]]
"""The accuracy, and for each coverage the share held and the classes in a set."""


def print_row(name: str, rows: list[Row]) -> None:
    """Print the means of the `rows`; a coverage that the images are too few for is left out."""
    accuracy = np.mean([accuracy for accuracy, _ in rows])
    means = np.mean([held for _, held in rows], axis=0)
    cells = [f"{f'{held:.1%} ({size:.2f})' if held == held else '-':>15}" for held, size in means]
    print(f"{name:<34}{accuracy:>9.1%}{''.join(cells)}", flush=True)


def simulate(world: World, seed: int) -> Row:
    """Return the row of one draw of `world`."""
    generator = np.random.default_rng(seed)
    units = world.units + TESTED
    sizes = generator.integers(1, GROUP_SIZE + 1, units) if world.grouped else np.ones(units, int)
    groups = np.repeat(np.arange(units), sizes)
    shape = (units, world.classes)
    # Images of a group look alike, and are of one class.
    logits = world.skill * generator.normal(size=shape)
    labels = (logits + generator.gumbel(size=shape)).argmax(axis=1)[groups]
    noise = 0.2 * world.skill * generator.normal(size=(len(groups), world.classes))
    logits = logits[groups] + (noise if world.grouped else 0)
    probabilities = softmax(world.sureness * logits, axis=1)
    known = groups < world.units
    names = [str(group) for group in groups[known]]
    scores = conformity_scores(probabilities[known], labels[known], names, FOLDS)
    # One image of each group to predict, so that the mean is over groups.
    tested = np.flatnonzero(~known)[np.unique(groups[~known], return_index=True)[1]]
    return row_of(scores, probabilities[tested], labels[tested])


def measure(folder: Path, seed: int) -> Row:
    """Return the row of one network trained on the split by `seed` of the images in `folder`."""
    log(f"{folder.name}, split {seed}")
    data = tk.DataConfig(validation_split=0.1, test_split=0.5)
    manifest = tk.Manifest.read(folder, data, seed=seed)
    model = tk.ModelConfig(backbone="pocket")
    network = tk.train(manifest, tk.Config(data=data, model=model, seed=seed))
    assert network.conformity is not None
    test = manifest.part("test")
    probabilities = network.probabilities(test["path"].tolist())
    return row_of(network.conformity, probabilities, manifest.label_indices(test))


def row_of(scores: ConformityScores, probabilities: np.ndarray, labels: np.ndarray) -> Row:
    """Return the accuracy, and how often the sets hold the `labels` `(images,)`."""
    held = []
    for coverage in COVERAGES:
        if len(set(scores.groups)) < min_groups(coverage):
            held.append((np.nan, np.nan))
            continue
        sets = prediction_sets(probabilities, scores.threshold(coverage))
        right = sets[np.arange(len(labels)), labels]
        held.append((float(right.mean()), float(sets.sum(axis=1).mean())))
    return float((probabilities.argmax(axis=1) == labels).mean()), held


if __name__ == "__main__":
    main()
