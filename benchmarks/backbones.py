"""Accuracy of a linear probe on frozen features, by backbone, pooling and image size.

    python benchmarks/backbones.py DIR... --weights mobilenet_v2=FILE --weights vgg16=FILE
    python benchmarks/backbones.py DIR... --only efficientnet_lite0 --sides 96 160 224
    python benchmarks/backbones.py DIR --speed

For each folder and for the two embedded samples, over three random splits (the folder's own is not
used): the accuracy of the network's own head, mean of the splits. Rows are each backbone whose
weights are on this machine or given, with the average of its last map (avg) and with the averages
of several stages (stages). With `--speed`, images a second in place of accuracy: from files, in
turns, the median of five rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import transferkit as tk
from transferkit.backbones.catalog import BACKBONES, find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.backbones.weights import cached_file
from transferkit.data.splits import split_groups
from transferkit.features.linear_probe import solve_probe
from transferkit.runtime.process import silence_tensorflow

TEST, SPLITS, ROUNDS, IMAGES = 0.2, 3, 5, 256


def main() -> None:
    """Print one row per backbone, pooling and side, one column per folder."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images")
    parser.add_argument("--weights", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--only", nargs="*", help="backbones; else all whose weights are here")
    parser.add_argument("--sides", nargs="*", type=int, default=[], help="else the native one")
    parser.add_argument("--poolings", nargs="*", default=["avg", "stages"])
    parser.add_argument("--speed", action="store_true", help="images a second")
    asked = parser.parse_args()
    given = dict(pair.split("=", 1) for pair in asked.weights)
    configs = [
        config
        for name in backbones_here(given, asked.only)
        for side in asked.sides or [find_backbone(name).image_size]
        for pooling in asked.poolings
        if (config := settings(name, given.get(name, "imagenet"), pooling, side))
    ]
    with tempfile.TemporaryDirectory() as scratch:
        samples = [tk.write_patches(f"{scratch}/patches"), tk.write_digits(f"{scratch}/digits")]
        folders = [Path(folder) for folder in [*asked.folders, *([] if asked.speed else samples)]]
        print(f"{'':<40}" + "".join(f"{folder.name:>14}" for folder in folders), end="")
        print("" if asked.speed else f"{'mean':>8}")
        (print_speeds if asked.speed else print_accuracies)(configs, folders)


def backbones_here(given: dict[str, str], only: list[str] | None) -> list[str]:
    """Return the names of the backbones with weights, `only` those if any are named."""
    names = [row.name for row in BACKBONES if row.name in given or row.embedded or cached_file(row)]
    return [name for name in names if only is None or name in only]


def settings(name: str, weights: str, pooling: str, side: int) -> tk.Config | None:
    """Return the settings of a row; None where the backbone has not got the pooling."""
    row = find_backbone(name)
    if (pooling.startswith("stages") and not row.stages) or side < row.smallest_side:
        return None
    model = tk.ModelConfig(backbone=name, weights=weights, pooling=pooling)
    return tk.Config(tk.DataConfig(image_size=side), resolve_model(model))


def title(config: tk.Config) -> str:
    """Name a row."""
    return f"{config.model.backbone}, {config.data.image_size} px, {config.model.pooling}"


def print_accuracies(configs: list[tk.Config], folders: list[Path]) -> None:
    """Print the accuracy of each row on each folder, as it is known."""
    manifests = [tk.Manifest.read(str(folder)) for folder in folders]
    for config in configs:
        print(f"{title(config):<40}", end="", flush=True)
        means = []
        for manifest in manifests:
            means.append(100 * accuracy(manifest, config))
            print(f"{means[-1]:>14.1f}", end="", flush=True)
        print(f"{np.mean(means):>8.1f}", flush=True)


def accuracy(manifest: tk.Manifest, config: tk.Config) -> float:
    """Return the mean test accuracy of the head over random splits, stratified and by groups."""
    from transferkit.features.extract import extract_features  # TensorFlow, once it is silenced
    from transferkit.features.spec import FeatureSpec

    rows = manifest.frame[manifest.frame["problem"] == ""].reset_index(drop=True)
    spec = FeatureSpec.from_config(manifest.settled(config))
    values = extract_features(spec, list(rows["path"]), quiet=True).values
    labels, groups = (
        manifest.label_indices(rows),
        list(rows["group"].where(rows["group"] != "", rows["path"])),
    )
    correct = []
    for seed in range(SPLITS):
        splits = split_groups(
            list(rows["label"]), list(rows["group"]), validation=0, test=TEST, seed=seed
        )
        train, test = splits != "test", splits == "test"
        probe = solve_probe(
            values[train],
            labels[train],
            classes=len(manifest.classes),
            weights=np.ones(int(train.sum())),
            groups=[group for group, used in zip(groups, train, strict=True) if used],
            seed=seed,
        )
        correct.append(probe.evaluate(values[test], labels[test], np.ones(int(test.sum())))[1])
    return float(np.mean(correct))


def print_speeds(configs: list[tk.Config], folders: list[Path]) -> None:
    """Print the median, the least and the most images a second of each row."""
    from transferkit.features.extractor_pool import DEFAULT_POOL
    from transferkit.features.spec import FeatureSpec

    for folder in folders:
        frame = tk.Manifest.read(str(folder)).frame
        paths = list(frame["path"][frame["problem"] == ""][:IMAGES])
        speeds: dict[str, list[float]] = {title(config): [] for config in configs}
        for number in range(ROUNDS + 1):
            for config in configs:
                predictor = DEFAULT_POOL.get(FeatureSpec.from_config(config))
                started = time.perf_counter()
                predictor(paths, config.data, doing="Reading")
                if number:  # the first round compiles
                    speeds[title(config)].append(len(paths) / (time.perf_counter() - started))
        for name, each in speeds.items():
            print(f"{name:<40}{statistics.median(each):>14.1f}{min(each):>8.1f}{max(each):>8.1f}")


if __name__ == "__main__":
    main()
