"""How long what should answer at once takes, beside an interpreter that does nothing.

    python benchmarks/start.py
    python benchmarks/start.py DIR --backbone mobilenet_v2 --weights FILE

Prints, for each, the minimum, median and maximum wall time over the runs (--runs), in milliseconds;
then, over --rounds, from the start of a process until all is imported that computes, and until the
features of eight images of DIR are there, by each engine that is installed. Nothing that was
computed before is read back.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import turns

import transferkit as tk

IMAGES = 8
IMPORTED = "TensorFlow and all imported"
COMMAND = str(Path(sys.executable).with_name("transferkit"))
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import transferkit": [sys.executable, "-c", "import transferkit"],
    "transferkit --help": [COMMAND, "--help"],
    "transferkit train --help": [COMMAND, "train", "--help"],
    "transferkit backbones": [COMMAND, "backbones"],
    "transferkit baselines": [COMMAND, "baselines"],
    "a misspelt backbone": [COMMAND, "train", ".", "--backbone", "resnet5"],
}


def main() -> None:
    """Run the cases in turn, one warm-up round first; then the engines."""
    parser = turns.parser(__doc__)
    parser.add_argument("--runs", type=int, default=11, help="of what answers at once")
    asked = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for number in range(asked.runs + 1):
        for name, command in CASES.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=False)
            if number:
                times[name].append(1000 * (time.perf_counter() - started))
    print_table(times)
    with tempfile.TemporaryDirectory() as scratch:
        folder = turns.folder_of(asked, Path(scratch))
        backbone, weights = turns.model_of(asked, Path(scratch))
        paths = list(tk.Manifest.read(folder).usable["path"][:IMAGES])
        settings: dict[str, Any] = {"paths": paths, "backbone": backbone, "weights": weights}
        times = {}
        for _ in range(asked.rounds):
            for engine in engines():
                found = turns.take(first_features, engine=engine, **settings)
                for name, key in ((f"{backbone}, {engine}", "ended"), (IMPORTED, "imported")):
                    seconds = found[key] - found["started"]
                    times.setdefault(name, []).append(1000 * seconds)
    print()
    print_table(times)


def engines() -> list[str]:
    """Those that are installed."""
    return ["keras", "graph", *(["openvino"] if find_spec("openvino") else [])]


def first_features(*, paths: list[str], engine: Any, backbone: str, weights: str) -> turns.Found:
    """When everything was imported, and when the features of `paths` were there."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    from transferkit.backbones.resolve import resolve_model
    from transferkit.features.extract import extract_features
    from transferkit.features.spec import FeatureSpec

    imported = time.time()
    config = tk.Config(
        data=tk.DataConfig(cache_gb=0),
        model=resolve_model(tk.ModelConfig(backbone=backbone, weights=weights)),
        compute=tk.ComputeConfig(engine=engine),
    )
    extract_features(FeatureSpec.from_config(config), paths)
    return {"imported": imported, "ended": time.time()}


def print_table(times: dict[str, list[float]]) -> None:
    """A row each, in milliseconds."""
    print(f"{'milliseconds':<28}{'minimum':>9}{'median':>9}{'maximum':>9}")
    for name, found in times.items():
        print(f"{name:<28}{min(found):>9.0f}{statistics.median(found):>9.0f}{max(found):>9.0f}")


if __name__ == "__main__":
    main()
