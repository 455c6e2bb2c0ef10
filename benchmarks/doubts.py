"""How well wrong labels are found: some are made wrong on purpose, and then looked for.

    python benchmarks/doubts.py DIR
    python benchmarks/doubts.py DIR --backbone mobilenet_v2 --weights FILE

Of a tenth of the images, drawn at random, the label becomes another class's, in three draws; DIR
is taken as rightly labelled, which it may not be. For each draw: how many of the most doubted
twentieth of the images have a label that was changed, and the area under the curve of precision
and recall of all. By chance, both would be a tenth.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import numpy as np
from sklearn.metrics import average_precision_score

import transferkit as tk
from transferkit.config.settings import DEFAULT_BACKBONE
from transferkit.runtime.process import silence_tensorflow

FLIPPED, LOOKED_AT, DRAWS = 0.10, 0.05, 3


def main() -> None:
    """Print one line per draw, and their mean."""
    silence_tensorflow()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; the digits if none is given")
    parser.add_argument("--backbone", default=DEFAULT_BACKBONE)
    parser.add_argument("--weights", default="imagenet")
    asked = parser.parse_args()
    config = tk.Config(model=tk.ModelConfig(backbone=asked.backbone, weights=asked.weights))
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or str(tk.write_digits(f"{scratch}/digits"))
        manifest = tk.Manifest.read(folder)
        found = [measure(manifest, config, draw) for draw in range(DRAWS)]
    print(f"{len(manifest):,} images of {len(manifest.classes)} classes in {folder}")
    print(f"{'draw':<8}{'changed among the most doubted':>32}{'precision and recall':>24}{'s':>8}")
    for draw, row in enumerate([*found, np.mean(found, axis=0)]):
        name = str(draw + 1) if draw < DRAWS else "mean"
        print(f"{name:<8}{row[0] * 100:>30.1f} %{row[1]:>24.3f}{row[2]:>8.1f}")


def measure(manifest: tk.Manifest, config: tk.Config, draw: int) -> tuple[float, float, float]:
    """Among the most doubted, the share of changed labels; the area; and the seconds."""
    from transferkit.features.label_issues import find_label_issues

    wrong, changed = with_wrong_labels(manifest, draw)
    started = time.perf_counter()
    doubts = find_label_issues(wrong, config)
    seconds = time.perf_counter() - started
    is_changed = doubts["path"].isin(changed).to_numpy()
    first = round(len(doubts) * LOOKED_AT)
    area = float(average_precision_score(is_changed, doubts["doubt"]))
    return float(is_changed[:first].mean()), area, seconds


def with_wrong_labels(manifest: tk.Manifest, draw: int) -> tuple[tk.Manifest, set[str]]:
    """`manifest` with some labels changed, and the paths of those images."""
    generator, frame = np.random.default_rng(draw), manifest.usable.reset_index(drop=True)
    rows = generator.permutation(len(frame))[: round(len(frame) * FLIPPED)]
    steps = generator.integers(1, len(manifest.classes), size=len(rows))
    truth = manifest.label_indices(frame.iloc[rows])
    names = np.array(manifest.classes, object)
    frame.loc[rows, "label"] = names[(truth + steps) % len(names)]
    return tk.Manifest(frame, manifest.source), set(frame.loc[rows, "path"])


if __name__ == "__main__":
    main()
