"""Gain from class weights where half of the classes are rare, by one rule for all.

    python benchmarks/imbalance.py DIR
    python benchmarks/imbalance.py DIR --backbone mobilenet_v2 --weights FILE

Of the images that are learnt from, one in ten (--rarer) of half of the classes is kept, drawn anew
in each of several draws; the test images stay as they are, and should be about even. Printed are
the accuracy and the balanced accuracy of the network's solved head and of the baselines, in per
cent, with `train.class_weights` off and on: the mean over the draws. All of the backbone's features
are those that the run keeps.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import transferkit as tk
from transferkit.data.sources.split_names import SPLITS
from transferkit.runtime.process import silence_tensorflow

RARER, DRAWS = 10, 3
BASELINES = (
    "logistic_regression_backbone",
    "linear_svm_backbone",
    "random_forest_backbone",
    "knn_backbone",
    "rbf_svm_hog_colour",
)
HEAD = "solved head of the network"
SCORES = {"accuracy": "accuracy", "balanced_accuracy": "balanced"}
RULES = {"off": "without weights", "auto": "with weights"}


def main() -> None:
    """Print one line per classifier."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default="pocket")
    parser.add_argument("--weights", default="imagenet", metavar="FILE")
    parser.add_argument("--baselines", nargs="+", default=list(BASELINES))
    parser.add_argument("--rarer", type=int, default=RARER, help="times, half of the classes")
    parser.add_argument("--draws", type=int, default=DRAWS)
    asked = parser.parse_args()
    model = tk.ModelConfig(backbone=asked.backbone, weights=asked.weights)
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or str(tk.write_digits(f"{scratch}/digits"))
        rows = [
            row
            for seed in range(asked.draws)
            for row in measure(
                thinned(tk.Manifest.read(folder, seed=seed), asked.rarer, seed),
                tk.Config(model=model, seed=seed),
                asked.baselines,
            )
        ]
    print_table(pd.DataFrame(rows), f"{Path(folder).name}, 1 of {asked.rarer}, %")


def thinned(manifest: tk.Manifest, rarer: int, seed: int) -> tk.Manifest:
    """`manifest` with one in `rarer` of the images learnt from, of half of the classes."""
    draw, frame = np.random.default_rng(seed), manifest.usable.reset_index(drop=True)
    rare = draw.permutation(manifest.classes)[: len(manifest.classes) // 2]
    kept = np.ones(len(frame), bool)
    for label in rare:
        for split in SPLITS:
            rows = np.flatnonzero((frame["label"] == label) & (frame["split"] == split))
            if split != "test":
                kept[draw.permutation(rows)[-(-len(rows) // rarer) :]] = False
    return tk.Manifest(frame[kept], manifest.source)


def measure(
    manifest: tk.Manifest, config: tk.Config, baselines: list[str]
) -> list[dict[str, object]]:
    """The scores of each classifier in per cent, with the weights of the classes and without."""
    test, rows = manifest.part("test"), []
    truth, paths = manifest.label_indices(test), list(test["path"])
    for rule, title in RULES.items():
        train = tk.TrainConfig(unfreeze="none", class_weights=rule)
        settings = dataclasses.replace(config, train=train)
        fitted = {HEAD: tk.train(manifest, settings)}
        fitted |= {name: tk.fit_baseline(name, manifest, settings) for name in baselines}
        for name, classifier in fitted.items():
            found = tk.score(truth, classifier.probabilities(paths), manifest.classes)
            for key, score in SCORES.items():
                value = 100 * getattr(found, key)
                rows.append({"classifier": name, "rule": title, "score": score, "value": value})
    return rows


def print_table(rows: pd.DataFrame, title: str) -> None:
    """One line per classifier, a column for each rule and score."""
    print(f"{title:<30}" + "".join(f"{rule:>20}" for rule in RULES.values()))
    print(f"{'':<30}" + "".join(f"{score:>10}" for score in SCORES.values()) * len(RULES))
    means = rows.pivot_table(index="classifier", columns=["rule", "score"], sort=False)["value"]
    for name, found in means.iterrows():
        cells = (found[rule, score] for rule in RULES.values() for score in SCORES.values())
        print(f"{name:<30}" + "".join(f"{cell:>10.1f}" for cell in cells))


if __name__ == "__main__":
    main()
