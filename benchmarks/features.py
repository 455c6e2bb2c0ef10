"""How fast the frozen part of a network reads files, by every engine, beside Keras' usual way.

    python benchmarks/features.py DIR
    python benchmarks/features.py DIR --backbone mobilenet_v2 --weights FILE
    python benchmarks/features.py DIR --backbone resnet50 --backbone vgg16 --images 256

The usual way is `model.predict` on `image_dataset_from_directory`, prefetched, as Keras' guides
have it. "from files" begins with the names of the files and ends with arrays; "computing" has
batches in memory already, and the share is how much of that rate is left with decoding. Subjects
take turns; each number is a median, and from where to where the rounds go. The milliseconds of all
cores together are a median too; other jobs on the machine change them little. Weights are random if
none are given: speed does not depend on them. Without DIR the images are the handwritten digits.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import turns

import transferkit as tk
from transferkit.backbones.resolve import resolve_model
from transferkit.runtime.process import silence_tensorflow

IMAGES = {"mobilenet_v2": 512, "inception_v3": 128, "resnet50": 128, "vgg16": 64}
FEWER = 128  # images for any other backbone
WARM = 32  # images of the first round, which compiles and is not counted
USUAL = "model.predict"
ENGINES = {  # each with its precision
    "keras": ("keras", "auto"),
    "graph": ("graph", "auto"),
    "openvino": ("openvino", "auto"),
    "openvino, int8": ("openvino", "int8"),
}
NEEDED = {"openvino": ("openvino",), "openvino, int8": ("openvino", "nncf")}


def main() -> None:
    """A table for each backbone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; the handwritten digits if not given")
    parser.add_argument("--backbone", action="append", help="as often as wanted")
    parser.add_argument("--weights", action="append", default=[], help="a file for each backbone")
    parser.add_argument("--images", type=int, help="at most; else what fits into minutes")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    silence_tensorflow()
    names = asked.backbone or list(IMAGES)
    weights = asked.weights + ["none"] * (len(names) - len(asked.weights))
    with tempfile.TemporaryDirectory() as scratch:
        folder = turns.folder_of(asked, Path(scratch))
        frame = tk.Manifest.read(folder).frame.sample(frac=1, random_state=0)
        paths = list(frame["path"][frame["problem"] == ""])
        for name, file in zip(names, weights, strict=True):
            chosen = paths[: asked.images or IMAGES.get(name, FEWER)]
            links = linked(chosen, Path(scratch) / f"{name}-{len(chosen)}")
            model = tk.ModelConfig(backbone=name, weights=file)
            print_table(model, chosen, links=links, rounds=asked.rounds)


def linked(paths: list[str], folder: Path) -> Path:
    """`folder` with a link to each file, as Keras reads folders."""
    folder.mkdir()
    for number, path in enumerate(paths):
        (folder / f"{number:06}{Path(path).suffix.lower()}").symlink_to(path)
    return folder


def print_table(model: tk.ModelConfig, paths: list[str], *, links: Path, rounds: int) -> None:
    """Images a second of each way, in turns."""
    from transferkit.models.classifier import build_extractor

    extractor = build_extractor(resolve_model(model))
    ways = {USUAL: usual(extractor, links)}
    for name in ENGINES:
        if all(find_spec(package) for package in NEEDED.get(name, ())):
            ways |= engine_ways(extractor, name, paths)
    found: dict[str, list[float]] = {way: [] for way in ways}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, read in ways.items():
            images = WARM if number == 0 else len(paths)
            started, processors = time.perf_counter(), time.process_time()
            read(images)
            if number:
                found[way].append(images / (time.perf_counter() - started))
                spent[way].append(1000 * (time.process_time() - processors) / images)
    image_size = extractor.input_shape[1]
    print(
        f"\n{model.backbone}, {image_size} px, {len(paths)} images, {rounds} rounds: "
        "images per second"
    )
    heads = f"{'':<16}{'from files':>24}{'computing':>24}"
    print(f"{heads}{'share':>8}{'times':>8}{'CPU ms':>8}", flush=True)
    slow = statistics.median(found[USUAL])
    for name in (USUAL, *ENGINES):
        if name in found:
            times = f"{statistics.median(found[name]) / slow:.1f}"
            line = row_of(name, found[name], found.get(f"{name}, computing"))
            print(f"{line}{times:>8}{statistics.median(spent[name]):>8.2f}", flush=True)


def row_of(name: str, files: list[float], computing: list[float] | None) -> str:
    """The rates of one way."""
    rate = statistics.median(files)
    alone = turns.in_words(computing) if computing else "-"
    share = f"{rate / statistics.median(computing):.2f}" if computing else "-"
    return f"{name:<16}{turns.in_words(files):>24}{alone:>24}{share:>8}"


def usual(extractor: Any, links: Path) -> Callable[[int], Any]:
    """`model.predict` on the first so many images of a folder."""
    import keras
    import tensorflow as tf

    image_size = extractor.input_shape[1]
    dataset = keras.utils.image_dataset_from_directory(
        links,
        labels=None,
        shuffle=False,
        image_size=(image_size, image_size),
        batch_size=32,
        verbose=False,
    )

    def read(images: int) -> Any:
        some = dataset.take(-(-images // 32)).prefetch(tf.data.AUTOTUNE)
        return extractor.predict(some, verbose=0)

    return read


def engine_ways(extractor: Any, name: str, paths: list[str]) -> dict[str, Callable[[int], Any]]:
    """One of `ENGINES` on files, and on batches in memory."""
    from transferkit.data.decoding.decode import read_images
    from transferkit.inference.devices import resolve_precision
    from transferkit.inference.predictor import BatchPredictor

    data = tk.DataConfig()
    engine, precision = ENGINES[name]
    forward = BatchPredictor(extractor, engine, precision=resolve_precision(precision))  # type: ignore[arg-type]
    forward.warm_up(paths, data)
    size = forward.engine.batch_size
    batch = read_images(paths[:size], forward.image_size, data)
    batch = np.resize(batch, (size, *batch.shape[1:]))

    def compute(images: int) -> None:
        for _ in forward.engine.run([batch] * (images // size)):
            pass

    return {
        name: lambda images: forward(paths[:images], data, doing="Reading"),
        f"{name}, computing": compute,
    }


if __name__ == "__main__":
    main()
