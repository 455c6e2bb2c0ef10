"""Features in int8 beside those in float32: how near they are, and the accuracy of heads.

    python benchmarks/int8.py DIR...
    python benchmarks/int8.py DIR... --backbone mobilenet_v2 --weights FILE --splits 20

For each folder of images: the cosine of each image's features with those in float32, its mean and
its least; then, over ten random splits, the share of test images that a solved head gets right,
learnt and tested on float32; learnt on int8 and tested on float32, which is what a saved network
predicts; learnt and tested on int8, as the baselines on features are. The last two as differences
in points from the first, with the deviation over the splits. Int8 is used here whatever the cosine
is; in training it is given up where one of the first is below 0.9. Needs the extra openvino.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from probe import split

import transferkit as tk
from transferkit.backbones.resolve import resolve_model
from transferkit.runtime.process import silence_tensorflow

PRECISIONS = ("float32", "int8")


def main() -> None:
    """Print one line per folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default="pocket")
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--splits", type=int, default=10)
    asked = parser.parse_args()
    silence_tensorflow()
    heads = ("cosine", "least", "float32, %", "int8, saved", "int8, both")
    print(f"{asked.backbone:<16}" + "".join(f"{head:>16}" for head in heads), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folders = asked.folders or [str(tk.write_digits(Path(scratch) / "digits"))]
        for folder in folders:
            print_line(folder, asked)


def print_line(folder: str, asked: argparse.Namespace) -> None:
    """Print the line of one folder."""
    manifest = tk.Manifest.read(folder)
    rows = manifest.frame[manifest.frame["problem"] == ""].reset_index(drop=True)
    truth, groups = manifest.label_indices(rows), list(rows["group"])
    plain, coarse = features(list(rows["path"]), asked)
    lengths = np.linalg.norm(plain, axis=1) * np.linalg.norm(coarse, axis=1)
    cosines = (plain * coarse).sum(axis=1) / lengths
    shares = []
    for seed in range(asked.splits):
        train, test = split(list(rows["label"]), groups, seed)
        learnt = [head(values, truth, groups, train, seed) for values in (plain, coarse)]
        pairs = ((learnt[0], plain), (learnt[1], plain), (learnt[1], coarse))
        weights = np.ones(len(test))
        shares.append(
            [100 * each.evaluate(on[test], truth[test], weights)[1] for each, on in pairs]
        )
    found = np.array(shares)
    cells = [f"{cosines.mean():.4f}", f"{cosines.min():.4f}", in_words(found[:, 0])]
    cells += [in_words(found[:, column] - found[:, 0]) for column in (1, 2)]
    print(f"{Path(folder).name:<16}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def features(paths: list[str], asked: argparse.Namespace) -> list[np.ndarray]:
    """Those of each file in each of `PRECISIONS`, `(images, width)`, held to nothing."""
    from transferkit.data.loading.prefetch import decoded_batches
    from transferkit.inference.devices import resolve_precision
    from transferkit.inference.engine import choose_engine
    from transferkit.inference.parity import start_engine
    from transferkit.models.classifier import build_extractor

    extractor = build_extractor(
        resolve_model(tk.ModelConfig(backbone=asked.backbone, weights=asked.weights))
    )
    image_size = extractor.input_shape[1]
    found = []
    for precision in PRECISIONS:
        choice = choose_engine("openvino", resolve_precision(precision))  # type: ignore[arg-type]
        engine = start_engine(extractor, choice)
        batches = decoded_batches(paths, image_size, tk.DataConfig(), batch_size=engine.batch_size)
        found.append(np.concatenate([vectors for (vectors,) in engine.run(batches)]))
    return found


def head(
    values: np.ndarray, truth: np.ndarray, groups: list[str], train: np.ndarray, seed: int
) -> Any:
    """The one solved on the rows `train`."""
    from transferkit.features.linear_probe import solve_probe

    return solve_probe(
        values[train],
        truth[train],
        classes=int(truth.max()) + 1,
        weights=np.ones(len(train)),
        groups=[groups[row] for row in train],
        seed=seed,
    )


def in_words(values: np.ndarray) -> str:
    """Mean and deviation."""
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


if __name__ == "__main__":
    main()
