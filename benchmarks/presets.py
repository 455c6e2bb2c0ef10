"""Accuracy and time of each preset, over splits and seeds.

    python benchmarks/presets.py DIR...
    python benchmarks/presets.py DIR... --backbone mobilenet_v2 --weights FILE --presets fast best

For each folder of images and each of several seeds, which decide the split too (where a folder has
none of its own) and everything else that chance does: the share of test images that the network
gets right, mean and deviation; then what a preset brings beyond the first one on the same seeds,
and how often its fine-tuning was undone since the validation images did not gain.
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
from transferkit.evaluation.summary import HEAD_STAGE
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log

SEEDS = 3
ASKED = ("fast", "balanced")


def main() -> None:
    """Print a table for all folders."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default="pocket")
    parser.add_argument("--weights", default="imagenet", metavar="FILE")
    parser.add_argument("--presets", nargs="+", default=list(ASKED), choices=list(PRESETS))
    parser.add_argument("--augment", default="photo", help="none for digits and signs")
    parser.add_argument("--precision", default="auto", help="auto, float32, int8, ...")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args()
    model = tk.ModelConfig(backbone=asked.backbone, weights=asked.weights)
    train = tk.TrainConfig(augment=asked.augment)
    compute = tk.ComputeConfig(precision=asked.precision)
    config = tk.Config(model=model, train=train, compute=compute)
    with tempfile.TemporaryDirectory() as scratch:
        folders = asked.folders or [str(tk.write_digits(f"{scratch}/digits"))]
        rows = [
            {"folder": Path(folder).name, "seed": seed, **measure(folder, config, name, seed)}
            for folder in folders
            for seed in range(asked.seeds)
            for name in asked.presets
        ]
    print_table(pd.DataFrame(rows), asked.presets[0])


def measure(folder: str, config: tk.Config, preset: str, seed: int) -> dict[str, object]:
    """One training: its accuracy in per cent, its seconds, and whether only the head was kept."""
    config = dataclasses.replace(tk.with_preset(config, preset), seed=seed)
    manifest = tk.Manifest.read(folder, config.data, seed=seed)
    network = tk.train(manifest, config)
    test = manifest.part("test")
    found = tk.score(
        manifest.label_indices(test), network.probabilities(list(test["path"])), manifest.classes
    )
    log(f"{Path(folder).name}, seed {seed}, {preset}: {found.accuracy:.1%} right.")
    return {
        "preset": preset,
        "images": len(test),
        "accuracy": 100 * found.accuracy,
        "seconds": network.fit_seconds,
        "undone": preset != "fast" and network.summary.kept_stage == HEAD_STAGE,
    }


def print_table(rows: pd.DataFrame, first: str) -> None:
    """One line per folder and preset."""
    print(f"{'folder':<14}{'test':>6}{'preset':>10}{'accuracy, %':>15}{'gain':>15}", end="")
    print(f"{'undone':>8}{'seconds':>9}")
    for (folder, preset), found in rows.groupby(["folder", "preset"], sort=False):
        start = rows[(rows["folder"] == folder) & (rows["preset"] == first)]
        gain = found["accuracy"].to_numpy() - start["accuracy"].to_numpy()
        print(
            f"{folder:<14}{found['images'].iloc[0]:>6}{preset:>10}"
            f"{_spread(found['accuracy'].to_numpy()):>15}"
            f"{_spread(gain) if preset != first else '':>15}"
            f"{int(found['undone'].sum()):>8}{found['seconds'].median():>9.1f}"
        )


def _spread(values: np.ndarray) -> str:
    """Mean and standard deviation."""
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return f"{values.mean():.1f} ± {spread:.1f}"


if __name__ == "__main__":
    main()
