"""Cost and gain of the random forest's settings: entropy for many classes, leaves searched.

    python benchmarks/forest.py
    python benchmarks/forest.py DIR... --seeds 5

First, on drawn features of 400 images in 200 classes: the seconds of the forest as it is fitted by
a run, search and temperature within, beside those of scikit-learn's own forest of as many trees by
Gini's index, and what each is right on of other images. Then, for each folder, and for each with
only one in ten of the training images of half of the classes: the accuracy in per cent and the log
loss on the test images with leaves of one image, and with 1, 3 or 10 by the search; mean and
deviation over the seeds, which decide the split too where a folder has none of its own. Last, the
seconds of all default baselines with either, reading the images within.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imbalance
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

import transferkit as tk
from transferkit.baselines.catalog import DEFAULT_BASELINES
from transferkit.baselines.classifiers import MAKERS, TREES, random_forest, tune_and_fit
from transferkit.runtime.process import silence_tensorflow

FOREST, NAME = "random_forest", "random_forest_pixels"
LEAVES = {"leaves of 1": [1], "searched": [1, 3, 10]}
CLASSES, OF_EACH, WIDTH, NOISE = 200, 2, 64, 0.5  # of the drawn features
SEEDS, RARER = 3, 10


def main() -> None:
    """Print the times of many classes, one line per folder, and those of the default baselines."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the demo's samples if none is given")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args()
    print_many_classes()
    config = tk.Config(model=tk.ModelConfig(backbone="pocket"))
    with tempfile.TemporaryDirectory() as scratch:
        samples = [tk.write_digits(f"{scratch}/digits"), tk.write_patches(f"{scratch}/patches")]
        folders = asked.folders or list(map(str, samples))
        print(
            f"\n{'accuracy, % and log loss':<24}{''.join(f'{each:>32}' for each in LEAVES)}", end=""
        )
        print(f"{'loss, %':>10}  chosen")
        for folder in folders:
            print_leaves(pd.DataFrame(measure(folder, config, asked.seeds)))
        print_times(folders, config)


def print_many_classes() -> None:
    """Seconds and accuracy of both forests, and the ratio of the seconds."""
    rng = np.random.default_rng(0)
    centres, truth = rng.normal(size=(CLASSES, WIDTH)), np.repeat(np.arange(CLASSES), OF_EACH)
    values, others = (
        (centres[truth] + NOISE * rng.normal(size=(len(truth), WIDTH))).astype(np.float32)
        for _ in range(2)
    )
    started = time.perf_counter()
    ours, _ = tune_and_fit(FOREST, values, truth, groups=[""] * len(truth), seed=0)
    between = time.perf_counter()
    usual = RandomForestClassifier(TREES, random_state=0, n_jobs=-1).fit(values, truth)
    seconds = between - started, time.perf_counter() - between
    print(f"{f'{CLASSES} classes, {len(truth)} images':<28}{'s':>8}{'accuracy, %':>14}")
    names = "as in a run", "scikit-learn's, by Gini"
    for name, forest, spent in zip(names, (ours, usual), seconds, strict=True):
        print(f"{name:<28}{spent:>8.1f}{100 * np.mean(forest.predict(others) == truth):>14.1f}")
    print(f"{'ratio':<28}{seconds[0] / seconds[1]:>8.2f}")


def measure(folder: str, config: tk.Config, seeds: int) -> Iterator[dict[str, object]]:
    """The scores of the forest by folder, how even it is, leaves and seed."""
    for seed in range(seeds):
        even = tk.Manifest.read(folder, seed=seed)
        settings = dataclasses.replace(config, seed=seed)
        for kind, manifest in (
            ("", even),
            (f", 1 of {RARER}", imbalance.thinned(even, RARER, seed)),
        ):
            test = manifest.part("test")
            for leaves, grid in LEAVES.items():
                with searched(grid):
                    forest = tk.fit_baseline(NAME, manifest, settings)
                said = forest.probabilities(list(test["path"]))
                found = tk.score(manifest.label_indices(test), said, manifest.classes)
                yield {
                    "folder": f"{Path(folder).name}{kind}",
                    "leaves": leaves,
                    "accuracy": 100 * found.accuracy,
                    "log loss": found.log_loss,
                    "chosen": forest.summary.chosen["min_samples_leaf"],
                }


@contextmanager
def searched(leaves: list[int]) -> Iterator[None]:
    """Context in which the forest searches `leaves`, in images."""
    MAKERS[FOREST] = lambda seed: random_forest(seed)._replace(
        grid={"min_samples_leaf": leaves}, only_weighed=False
    )
    try:
        yield
    finally:
        MAKERS[FOREST] = random_forest


def print_leaves(rows: pd.DataFrame) -> None:
    """One line per kind of folder: accuracy and log loss for either, and the leaves chosen."""
    for folder, of_folder in rows.groupby("folder", sort=False):
        found = {name: of_folder[of_folder["leaves"] == name] for name in LEAVES}
        print(f"{folder:<24}", end="")
        for each in found.values():
            print(f"{_spread(each['accuracy'], 1):>16}{_spread(each['log loss'], 3):>16}", end="")
        plain, best = (each["log loss"].mean() for each in found.values())
        chosen = ", ".join(map(str, found["searched"]["chosen"]))
        print(f"{100 * (best / plain - 1):>+10.1f}  {chosen}", flush=True)


def print_times(folders: list[str], config: tk.Config) -> None:
    """Seconds of the default baselines with leaves of one image and with the search."""
    print(f"\n{'default baselines, s':<24}{'leaves of 1':>14}{'searched':>14}{'ratio':>8}", end="")
    print("  of which the forest")
    for folder in folders:
        manifest = tk.Manifest.read(folder)
        others = sum(
            tk.fit_baseline(name, manifest, config).fit_seconds
            for name in DEFAULT_BASELINES
            if name != NAME
        )
        forests = []
        for grid in LEAVES.values():
            with searched(grid):
                forests.append(tk.fit_baseline(NAME, manifest, config).fit_seconds)
        plain, best = (others + each for each in forests)
        print(f"{Path(folder).name:<24}{plain:>14.1f}{best:>14.1f}{best / plain:>8.2f}", end="")
        print("  {:.1f}, {:.1f}".format(*forests))


def _spread(values: pd.Series, digits: int) -> str:
    """Mean and standard deviation."""
    spread = values.std() if len(values) > 1 else 0.0
    return f"{values.mean():.{digits}f} ± {spread:.{digits}f}"


if __name__ == "__main__":
    main()
