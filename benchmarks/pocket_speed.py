"""How fast pocket reads a folder, beside a quarter of MobileNet; is it the same on every engine?

    python benchmarks/pocket_speed.py DIR

Prints images per second with decoding and without, taking turns; then how far the features of one
engine are from Keras' own in float32; then the size and the digest of the weights in the package.
Speed does not depend on the weights: MobileNet's are random here.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec

import numpy as np

import transferkit as tk
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.backbones.weights import weights_path
from transferkit.runtime.process import silence_tensorflow

ROUNDS, IMAGES = 5, 512
SUBJECTS = (("pocket", 96), ("pocket", 192), ("mobilenet_025", 96), ("mobilenet_025", 224))


def main() -> None:
    """Measure on the images of a folder, or on the handwritten digits."""
    silence_tensorflow()
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else str(tk.write_digits(f"{scratch}/digits"))
        frame = tk.Manifest.read(folder).frame
        paths = list(frame["path"][frame["problem"] == ""][:IMAGES])
        print_speed(paths)
        print_engines(paths[:64])
    path = weights_path(find_backbone("pocket"), "embedded")
    assert path is not None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"\n{path.name}: {path.stat().st_size:,} bytes, SHA-256 {digest}")


def print_speed(paths: list[str]) -> None:
    """Median, minimum and maximum images per second of each subject, in turns."""
    from transferkit.data.loading.prefetch import decoded_batches
    from transferkit.inference.devices import resolve_precision
    from transferkit.inference.predictor import BatchPredictor
    from transferkit.models.classifier import build_extractor

    found: dict[tuple[str, int, str], list[float]] = {}
    readers = {
        (name, image_size): BatchPredictor(
            build_extractor(
                resolve_model(tk.ModelConfig(backbone=name, weights="none")), image_size
            ),
            "auto",
            precision=resolve_precision("auto"),
        )
        for name, image_size in SUBJECTS
    }
    for number in range(ROUNDS + 1):
        for (name, image_size), reader in readers.items():
            data, batch = tk.DataConfig(image_size=image_size), reader.engine.batch_size
            batches = list(decoded_batches(paths, image_size, data, batch_size=batch))
            started = time.perf_counter()
            reader(paths, data, doing="Reading")
            decoded = time.perf_counter()
            for _ in reader.engine.run(batches):
                pass
            ended = time.perf_counter()
            if number:  # the first round compiles
                for what, seconds in (
                    ("with decoding", decoded - started),
                    ("without", ended - decoded),
                ):
                    found.setdefault((name, image_size, what), []).append(len(paths) / seconds)
    print(f"{'images per second':<40}{'median':>8}{'minimum':>9}{'maximum':>9}")
    for (name, image_size, what), rates in found.items():
        print(
            f"{f'{name}, {image_size} px, {what}':<40}{statistics.median(rates):>8.0f}"
            f"{min(rates):>9.0f}{max(rates):>9.0f}"
        )


def print_engines(paths: list[str]) -> None:
    """The cosine of each image's features with Keras' own in float32: the least, and the mean."""
    from transferkit.data.decoding.decode import read_images
    from transferkit.inference.devices import FLOAT32, resolve_precision
    from transferkit.inference.engine import choose_engine
    from transferkit.inference.parity import start_engine
    from transferkit.models.classifier import build_extractor

    model = build_extractor(resolve_model(tk.ModelConfig(backbone="pocket")))
    images = read_images(paths, 96, tk.DataConfig())
    truth = model(images.astype("float32"), training=False).numpy()
    engines = {}
    for name in ("graph", "openvino") if find_spec("openvino") else ("graph",):
        for bits in (FLOAT32, resolve_precision("bfloat16")):
            engine = start_engine(model, choose_engine(name, bits))
            (engines[f"{name}, {'bfloat16' if bits.reduced else 'float32'}"],) = next(
                iter(engine.run([images]))
            )
    print(f"\n{'cosine with Keras in float32':<40}{'least':>9}{'mean':>9}")
    for name, values in engines.items():
        cosines = np.sum(values * truth, axis=1)
        cosines /= np.linalg.norm(values, axis=1) * np.linalg.norm(truth, axis=1)
        print(f"{name:<40}{cosines.min():>9.5f}{cosines.mean():>9.5f}")


if __name__ == "__main__":
    main()
