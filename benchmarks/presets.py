"""Accuracy and time of each preset and of some baselines, over splits and seeds.

    python benchmarks/presets.py DIR...
    python benchmarks/presets.py DIR... --backbone mobilenet_v2 --weights FILE --presets fast best

For each folder of images and each of several seeds, which decide the split too (where a folder has
none of its own) and everything else that chance does: test accuracy, mean and deviation; then what
a row brings beyond the first one on the same seeds, in how many of them fine-tuning was kept, and
the seconds of fitting. The first baseline is a regression on the features of the same backbone.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import transferkit as tk
from transferkit.config.presets import PRESETS
from transferkit.config.settings import DEFAULT_BACKBONE
from transferkit.evaluation.summary import HEAD_STAGE, TrainingSummary
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log

SEEDS = 3
PROBE = "logistic_regression_backbone"
BASELINES = (PROBE, "rbf_svm_hog_colour", "random_forest_pixels")


def main() -> None:
    """Print a table for all folders, and one of means over them."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default=DEFAULT_BACKBONE)
    parser.add_argument("--weights", default="imagenet", metavar="FILE")
    parser.add_argument("--presets", nargs="+", default=["balanced"], choices=list(PRESETS))
    parser.add_argument("--baselines", nargs="*", default=list(BASELINES))
    parser.add_argument("--augment", default="photo", help="none for digits and signs")
    parser.add_argument("--precision", default="auto", help="auto, float32, int8, ...")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args()
    model = tk.ModelConfig(backbone=asked.backbone, weights=asked.weights)
    train = tk.TrainConfig(augment=asked.augment)
    compute = tk.ComputeConfig(precision=asked.precision)
    config = tk.Config(model=model, train=train, compute=compute)
    names = [*asked.presets, *asked.baselines]
    with tempfile.TemporaryDirectory() as scratch:
        folders = asked.folders or [str(tk.write_digits(f"{scratch}/digits"))]
        rows = [
            row
            for folder in folders
            for seed in range(asked.seeds)
            for row in measure(folder, config, names, seed)
        ]
    print_table(pd.DataFrame(rows), names)


def measure(folder: str, config: tk.Config, names: list[str], seed: int) -> list[dict[str, object]]:
    """Return a row for each preset and baseline: accuracy in per cent, seconds, what was kept."""
    config = dataclasses.replace(config, seed=seed)
    manifest = tk.Manifest.read(folder, config.data, seed=seed)
    test = manifest.part("test")
    labels, paths = manifest.label_indices(test), list(test["path"])
    rows: list[dict[str, object]] = []
    for name in names:
        fitted: tk.Network | tk.Baseline
        if name in PRESETS:
            fitted = tk.train(manifest, tk.with_preset(config, name))
        else:
            fitted = tk.fit_baseline(name, manifest, config)
        scores = tk.score(labels, fitted.probabilities(paths), manifest.classes)
        log(f"{Path(folder).name}, seed {seed}, {name}: accuracy {scores.accuracy:.1%}.")
        facts = fitted.summary
        rows.append(
            {
                "folder": Path(folder).name,
                "seed": seed,
                "classifier": name,
                "images": len(test),
                "accuracy": 100 * scores.accuracy,
                "loss": scores.log_loss,
                "seconds": fitted.fit_seconds,
                "tuned": isinstance(facts, TrainingSummary) and facts.kept_stage != HEAD_STAGE,
            }
        )
    return rows


def print_table(rows: pd.DataFrame, names: list[str]) -> None:
    """Print one row per folder and classifier, and the means over the folders."""
    print(
        f"{'folder':<14}{'test':>6} {'classifier':<30}{'accuracy, %':>13}{'beyond it':>13}", end=""
    )
    print(f"{'log loss':>10}{'fine-tuned':>12}{'seconds':>9}")
    rows = pd.concat([rows, mean_over_folders(rows)])
    for (folder, name), part in rows.groupby(["folder", "classifier"], sort=False):
        first = rows[(rows["folder"] == folder) & (rows["classifier"] == names[0])]
        gain = part["accuracy"].to_numpy() - first["accuracy"].to_numpy()
        print(
            f"{folder:<14}{part['images'].iloc[0]:>6.0f} {name:<30}"
            f"{_spread(part['accuracy'].to_numpy()):>13}"
            f"{_spread(gain) if name != names[0] else '':>13}{part['loss'].mean():>10.3f}"
            f"{part['tuned'].sum():>12.0f}{part['seconds'].median():>9.1f}"
        )


def mean_over_folders(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of each classifier and seed over the folders, as one more folder."""
    means = rows.groupby(["classifier", "seed"], sort=False).mean(numeric_only=True).reset_index()
    return means.assign(folder="mean")


def _spread(values: np.ndarray) -> str:
    """Mean and standard deviation."""
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return f"{values.mean():.1f} ± {spread:.1f}"


if __name__ == "__main__":
    main()
