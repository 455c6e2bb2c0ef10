"""Gain from the embedded weights when the whole of pocket learns: with them, and without.

    python benchmarks/pocket_fine_tune.py DIR [EPOCHS]

Both learn on the training images of DIR for the same number of epochs (24), all blocks released;
what stops training early is off. Prints, for each, the accuracy on the test images, and the first
epoch in which it was as right on the validation images as the other ever was.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from typing import Any

import numpy as np

import transferkit as tk
from transferkit.runtime.process import silence_tensorflow

CONFIG = tk.Config(
    model=tk.ModelConfig(backbone="pocket"),
    train=tk.TrainConfig(
        unfreeze="all",
        augment="photo",
        mix="mixup",
        optimizer="adamw",
        weight_decay=0.05,
        fine_tune_learning_rate=5e-4,
        layer_decay=0.8,
        learning_rate=2e-3,  # from random weights
    ),
)


def main() -> None:
    """Train both, and print a line each."""
    silence_tensorflow()
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else str(tk.write_digits(f"{scratch}/digits"))
        epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 24
        manifest = tk.Manifest.read(folder)
        print(repr(manifest), flush=True)
        networks = {weights: learn(manifest, weights, epochs) for weights in ("embedded", "none")}
        best = {
            weights: max(row.val_accuracy for row in fine_tuned(network))
            for weights, network in networks.items()
        }
        print(f"{'weights':<12}{'test %':>8}{'best val. %':>13}{'as the other in epoch':>24}")
        for weights, network in networks.items():
            other = min(share for name, share in best.items() if name != weights)
            reached = [r.epoch for r in fine_tuned(network) if r.val_accuracy >= other]
            epoch = str(reached[0]) if reached else "never"
            print(
                f"{weights:<12}{100 * accuracy(network, manifest):>8.1f}"
                f"{100 * best[weights]:>13.1f}{epoch:>24}"
            )


def learn(manifest: tk.Manifest, weights: str, epochs: int) -> tk.Network:
    """Pocket from `weights`, after `epochs` passes over the images."""
    train = replace(CONFIG.train, epochs=epochs, patience=epochs)
    model = replace(CONFIG.model, weights=weights)
    return tk.train(manifest, replace(CONFIG, train=train, model=model))


def fine_tuned(network: tk.Network) -> list[Any]:
    """The records of its epochs on pixels."""
    return [row for row in network.history if row.stage != "head"]


def accuracy(network: tk.Network, manifest: tk.Manifest) -> float:
    """The share of test images that it gets right."""
    test = manifest.part("test")
    found = network.probabilities(list(test["path"])).argmax(axis=1)
    return float(np.mean(found == manifest.label_indices(test)))


if __name__ == "__main__":
    main()
