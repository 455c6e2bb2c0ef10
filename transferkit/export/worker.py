"""The main function of a fresh process that runs an export with its own runtime.

It reads one JSON object from standard input and writes the probabilities into a file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.export.formats import find_format
from transferkit.export.runtimes import Run, load_encoded, load_exported

BATCH_SIZE = 8  # images
VARIANTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "same": lambda images: images,
    "again": lambda images: images,
    "swapped": lambda images: images[..., ::-1],
    "unit": lambda images: images / np.float32(255),
    "signed": lambda images: images / np.float32(127.5) - 1,
}
"""Changes of float32 pixels of 0..255, which help to find the cause of a disagreement."""


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    row = find_format(request["format"])
    answers: dict[str, Any] = {}
    if "files" in request:
        answers["encoded"] = _encoded(load_encoded(row.path(request["folder"])), request["files"])
    else:
        run = load_exported(row, request["folder"])
        images = np.load(request["images"], mmap_mode="r")
        for name in request["variants"]:
            answers[name], answers[f"{name} milliseconds"] = _run(run, images, VARIANTS[name])
    np.savez(request["answers"], **answers)


def _run(
    run: Run, images: np.ndarray, change: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, float]:
    """Return the probabilities of `images`, and milliseconds per image."""
    outputs, seconds, timed = [], 0.0, 0
    for start in range(0, len(images), BATCH_SIZE):
        batch = change(np.asarray(images[start : start + BATCH_SIZE], np.float32))
        if not start:
            run(batch)  # the first call is slower
        began = time.perf_counter()
        outputs.append(run(batch))
        seconds += time.perf_counter() - began
        timed += len(batch)
    return np.concatenate(outputs), 1000 * seconds / max(timed, 1)


def _encoded(run: Callable[[list[bytes]], np.ndarray], files: list[str]) -> np.ndarray:
    """Return the probabilities of each file; NaN for one that TensorFlow cannot read."""
    rows: list[np.ndarray] = []
    for file in files:
        try:
            rows.append(run([Path(file).read_bytes()])[0])
        except Exception:  # TensorFlow raises many types of errors
            rows.append(np.array([np.nan], np.float32))
    width = max(map(len, rows))
    return np.stack([np.broadcast_to(row, (width,)) for row in rows])
