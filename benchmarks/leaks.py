"""How much copies on both sides of a split flatter: scores with them and without.

    python benchmarks/leaks.py DIR...
    python benchmarks/leaks.py DIR... --backbone mobilenet_v2 --weights FILE --splits 20

Each folder of images is split at random, as if no image had a copy, and each classifier is scored
on all test images, on those with a copy or near copy among the images learnt from, and on the
others; then on a split that keeps copies together, as every run does. Mean and deviation over the
splits.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import transferkit as tk
from transferkit.data.splits import split_groups
from transferkit.runtime.process import silence_tensorflow

SPLITS = 10
BASELINES = ("logistic_regression_backbone", "random_forest_pixels")
COLUMNS = ("all", "with a copy", "without", "kept together")


def main() -> None:
    """Print one line per folder and classifier."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default="pocket")
    parser.add_argument("--weights", default="imagenet", metavar="FILE")
    parser.add_argument("--baselines", nargs="+", default=list(BASELINES))
    parser.add_argument("--splits", type=int, default=SPLITS)
    asked = parser.parse_args()
    config = tk.Config(model=tk.ModelConfig(backbone=asked.backbone, weights=asked.weights))
    with tempfile.TemporaryDirectory() as scratch:
        folders = asked.folders or [str(tk.write_digits(f"{scratch}/digits"))]
        rows = [
            {
                "folder": Path(folder).name,
                "classifier": name,
                **measure(
                    tk.Manifest.read(folder, config.data, seed=seed),
                    name,
                    dataclasses.replace(config, seed=seed),
                ),
            }
            for folder in folders
            for seed in range(asked.splits)
            for name in asked.baselines
        ]
    print_table(pd.DataFrame(rows))


def measure(manifest: tk.Manifest, name: str, config: tk.Config) -> dict[str, float]:
    """Accuracies in per cent, by the names of `COLUMNS`, and how many test images have a copy."""
    parted = as_if_without_copies(manifest, config)
    right = answers(parted, name, config)
    leaked = parted.part("test")["path"].isin(parted.leaked["path"]).to_numpy()
    return {
        "leaked": float(leaked.sum()),
        "all": 100 * right.mean(),
        "with a copy": 100 * right[leaked].mean() if leaked.any() else np.nan,
        "without": 100 * right[~leaked].mean(),
        "kept together": 100 * answers(manifest, name, config).mean(),
    }


def as_if_without_copies(manifest: tk.Manifest, config: tk.Config) -> tk.Manifest:
    """The same images in a split that knows no groups."""
    frame, good = manifest.frame.copy(), manifest.frame["problem"] == ""
    labels, data = list(frame.loc[good, "label"]), config.data
    frame.loc[good, "split"] = split_groups(
        labels,
        [""] * len(labels),
        validation=data.validation_split,
        test=data.test_split,
        seed=config.seed,
    )
    return tk.Manifest(frame, manifest.source)


def answers(manifest: tk.Manifest, name: str, config: tk.Config) -> np.ndarray:
    """`(images,)` bool: whether the classifier `name` is right on each test image."""
    test = manifest.part("test")
    found = tk.fit_baseline(name, manifest, config).probabilities(list(test["path"]))
    return np.asarray(found.argmax(axis=1) == manifest.label_indices(test))


def print_table(rows: pd.DataFrame) -> None:
    """One line per folder and classifier."""
    print(f"{'accuracy, %':<14}{'leaked':>8}  {'classifier':<30}", end="")
    print("".join(f"{name:>15}" for name in COLUMNS))
    for (folder, name), found in rows.groupby(["folder", "classifier"], sort=False):
        cells = (f"{found[each].mean():.1f} ± {found[each].std():.1f}" for each in COLUMNS)
        print(f"{folder:<14}{found['leaked'].mean():>8.1f}  {name:<30}", end="")
        print("".join(f"{cell:>15}" for cell in cells))


if __name__ == "__main__":
    main()
