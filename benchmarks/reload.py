"""Does a saved network say, once reloaded, what it said before? For three backbones, on a folder.

    python benchmarks/reload.py DIR
    python benchmarks/reload.py DIR resnet50 vgg16 inception_v3

Each is trained for one epoch from random weights (its head, then its last block), at its native
side; saved, loaded in a process of its own, and asked about every test image. Prints the seconds of
each part and the largest difference between the probabilities, which has to be 0. Without DIR it
runs on the handwritten digits.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import transferkit as tk
from transferkit.runtime.process import silence_tensorflow

BACKBONES = ("resnet50", "vgg16", "inception_v3")
RELOAD = """
import sys, numpy as np, transferkit as tk
manifest = tk.Manifest.load(sys.argv[1] + "/manifest.csv")
paths = manifest.part("test")["path"].tolist()
np.save(sys.argv[2], tk.Network.load(sys.argv[1]).probabilities(paths))
"""


def main() -> None:
    """Measure each backbone in turn."""
    silence_tensorflow()
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else str(tk.write_digits(f"{scratch}/digits"))
        manifest = tk.Manifest.read(folder)
        print(repr(manifest))
        print(f"{'backbone':<16}{'train s':>9}{'predict s':>11}{'MB':>8}{'difference':>12}")
        for name in sys.argv[2:] or BACKBONES:
            measure(name, manifest, Path(scratch) / name)


def measure(name: str, manifest: tk.Manifest, folder: Path) -> None:
    """Print the line of the backbone `name`."""
    config = tk.Config(
        model=tk.ModelConfig(backbone=name, weights="none"),
        train=tk.TrainConfig(epochs=1, head_epochs=1, unfreeze="last"),
    )
    network = tk.train(manifest, config, run=tk.Run.create(folder))
    started = time.perf_counter()
    before = network.probabilities(manifest.part("test")["path"].tolist())
    seconds = time.perf_counter() - started
    answer = folder / "again.npy"
    subprocess.run([sys.executable, "-c", RELOAD, str(folder), str(answer)], check=True)
    difference = float(np.abs(before - np.load(answer)).max())
    print(
        f"{name:<16}{network.fit_seconds:>9.0f}{seconds:>11.1f}{network.megabytes:>8.1f}"
        f"{difference:>12.2g}",
        flush=True,
    )


if __name__ == "__main__":
    main()
