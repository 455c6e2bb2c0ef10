"""How much frozen features are worth: a linear probe on pocket's, beside ImageNet's and baselines.

    python benchmarks/probe.py DIR...
    python benchmarks/probe.py DIR... --mobilenet-025 FILE --splits 20

For each folder of images, over three random splits (the folder's own is not used; small folders
need more of them): the share of test images that each classifier gets right, mean and deviation
over the splits; then the same with 5, 10 and 20 training images per class, over five draws. FILE
has the ImageNet weights of MobileNet with a quarter of the width, where Keras' cache does not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import transferkit as tk
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.weights import weights_path
from transferkit.baselines.catalog import find_baseline
from transferkit.baselines.classifiers import tune_and_fit
from transferkit.baselines.fit import make_features
from transferkit.data.splits import split_groups
from transferkit.errors import WeightsError
from transferkit.runtime.process import silence_tensorflow
from transferkit.runtime.progress import log

TEST, SPLITS, DRAWS = 0.2, 3, 5
FEW = (5, 10, 20)  # training images per class
LOGISTIC = "logistic_regression"
"""The probe: its strength is chosen by cross-validation on the training images."""

Subject = tuple[str, str, tk.ModelConfig, int | None]
"""A name to print, a classifier and the features it looks at, the network, and its side."""


def main() -> None:
    """Print a table for all training images, and one for few of them."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the digits if none is given")
    parser.add_argument("--mobilenet-025", metavar="FILE", default="imagenet")
    parser.add_argument("--splits", type=int, default=SPLITS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = asked.folders or [str(tk.write_digits(f"{scratch}/digits"))]
        compared = subjects(asked.mobilenet_025, Path(scratch))
        found = {
            Path(folder).name: measure(folder, compared, splits=asked.splits) for folder in folders
        }
    for title in ["all training images", *(f"{few} training images per class" for few in FEW)]:
        print_table(title, {folder: tables[title] for folder, tables in found.items()})


def subjects(mobilenet: str, scratch: Path) -> list[Subject]:
    """Return the compared networks; the random one's weights are put into `scratch`."""
    from transferkit.backbones.build import build_backbone

    random = scratch / "random.weights.h5"
    build_backbone("pocket", "none").save_weights(random)
    pocket = tk.ModelConfig(backbone="pocket")
    joined = tk.ModelConfig(backbone="pocket", image_sizes=(96, 192))
    untrained = tk.ModelConfig(backbone="pocket", weights=str(random), image_sizes=(96, 192))
    probe = f"{LOGISTIC}_backbone"
    own: list[Subject] = [
        ("random forest, pixels", "random_forest_pixels", pocket, None),
        ("linear SVM, HOG", "linear_svm_hog", pocket, None),
        ("linear SVM, HOG and colour", "linear_svm_hog_colour", pocket, None),
        ("RBF SVM, HOG and colour", "rbf_svm_hog_colour", pocket, None),
        ("pocket untrained, 96 + 192 px", probe, untrained, None),
        ("pocket, 96 px", probe, pocket, None),
        ("pocket, 96 + 192 px", probe, joined, None),
    ]
    try:
        weights_path(find_backbone("mobilenet_025"), mobilenet)
    except WeightsError as error:
        log(f"Left out: {error}")
        return own
    quarter = tk.ModelConfig(backbone="mobilenet_025", weights=mobilenet)
    stages = tk.ModelConfig(backbone="mobilenet_025", weights=mobilenet, pooling="stages")
    name = "MobileNet 0.25 ImageNet"
    return [
        *own,
        (f"{name}, 96 px", probe, quarter, 96),
        (f"{name}, 96 px, stages", probe, stages, 96),
        (f"{name}, 224 px", probe, quarter, 224),
    ]


def measure(
    folder: str, compared: Sequence[Subject], *, splits: int
) -> dict[str, dict[str, list[float]]]:
    """By table and by subject, the accuracy of each of the `splits`, or of each draw."""
    manifest = tk.Manifest.read(folder)
    rows = manifest.frame[manifest.frame["problem"] == ""].reset_index(drop=True)
    truth, groups = manifest.label_indices(rows), list(rows["group"])
    tables: dict[str, dict[str, list[float]]] = {}
    for title, name, model, image_size in compared:
        baseline = find_baseline(name)
        features = make_features(baseline, tk.Config(tk.DataConfig(image_size=image_size), model))
        assert features is not None
        values = features.read(list(rows["path"])).values

        def accuracy(train: np.ndarray, test: np.ndarray, seed: int) -> float:
            fitted, _ = tune_and_fit(
                baseline.classifier.name,  # noqa: B023 - called at once
                values[train],  # noqa: B023
                truth[train],
                groups=[groups[row] for row in train],
                seed=seed,
            )
            return float(np.mean(fitted.predict(values[test]) == truth[test]))  # noqa: B023

        labels = list(rows["label"])
        fill(tables, title, accuracy, labels=labels, groups=groups, splits=splits)
    return tables


def fill(
    tables: dict[str, dict[str, list[float]]],
    title: str,
    accuracy: Callable[[np.ndarray, np.ndarray, int], float],
    *,
    labels: list[str],
    groups: list[str],
    splits: int,
) -> None:
    """Add what the subject `title` reaches to each of `tables`."""
    for seed in range(splits):
        train, test = split(labels, groups, seed)
        tables.setdefault("all training images", {}).setdefault(title, []).append(
            accuracy(train, test, seed)
        )
    for seed in range(DRAWS):
        train, test = split(labels, groups, seed)
        order = np.random.default_rng(seed).permutation(train)
        for few in FEW:
            names = np.array(labels)[order]
            drawn = np.concatenate([order[names == name][:few] for name in sorted(set(labels))])
            table = tables.setdefault(f"{few} training images per class", {})
            table.setdefault(title, []).append(accuracy(drawn, test, seed))


def split(labels: list[str], groups: list[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows to train on and to test on: stratified, a group never on both sides."""
    splits = split_groups(labels, groups, validation=0, test=TEST, seed=seed)
    return np.flatnonzero(splits != "test"), np.flatnonzero(splits == "test")


def print_table(title: str, folders: dict[str, dict[str, list[float]]]) -> None:
    """One row per subject, one column per folder, and their mean; in percent."""
    print(f"\n{title}\n{'accuracy, %':<38}" + "".join(f"{name:>16}" for name in folders), end="")
    print(f"{'mean':>8}")
    for subject in next(iter(folders.values())):
        found = [np.array(table[subject]) * 100 for table in folders.values()]
        cells = "".join(f"{f'{each.mean():.1f} ± {each.std(ddof=1):.1f}':>16}" for each in found)
        print(f"{subject:<38}{cells}{np.mean([each.mean() for each in found]):>8.1f}")


if __name__ == "__main__":
    main()
