"""How fast files become pixels, beside other decoders, in threads and in one.

    python benchmarks/decode.py DIR
    python benchmarks/decode.py DIR --image-size 224 --images 1000

Prints images per second in threads, and in one; medians, and from where to where the rounds go, in
turns. Without DIR the images are the handwritten digits.

ours          the project's: EXIF, alpha, 16 bits; JPEGs shrunk while they are decoded
Pillow        opened, made RGB and resized, nothing else
tf.io         decode_image, and resize smoothed (antialias=True), by tf.data
simplejpeg    where it is installed, and where all are JPEGs: shrunk too, then resized by Pillow
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import turns
from PIL import Image

import transferkit as tk
from transferkit.data.decoding.decode import THREADS, decode
from transferkit.data.loading.prefetch import decoded_batches
from transferkit.runtime.process import silence_tensorflow

BATCH = 32
SIDES = (224, 96)
JPEGS = (".jpg", ".jpeg")
Read = Callable[[str, int], np.ndarray]
Way = Callable[[list[str], int], object]


def main() -> None:
    """A table for each side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; the handwritten digits if not given")
    parser.add_argument("--image-size", type=int, action="append", help="as often as wanted")
    parser.add_argument("--images", type=int, default=500, help="at most")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    silence_tensorflow()
    with tempfile.TemporaryDirectory() as scratch:
        frame = tk.Manifest.read(turns.folder_of(asked, Path(scratch))).frame
        frame = frame.sample(frac=1, random_state=0)
        paths = list(frame["path"][frame["problem"] == ""][: asked.images])
        for image_size in asked.image_size or SIDES:
            print_table(paths, image_size, rounds=asked.rounds)


def print_table(paths: list[str], image_size: int, *, rounds: int) -> None:
    """Images a second of each way, in turns."""
    ways = ways_for(paths)
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, read in ways.items():
            started = time.perf_counter()
            read(paths, image_size)
            if number:  # the first one fills the system's cache of files
                found[way].append(len(paths) / (time.perf_counter() - started))
    print(f"\n{image_size} px, {len(paths)} images, {rounds} rounds: images per second")
    print(f"{'':<12}{f'{THREADS} threads':>24}{'one thread':>24}")
    for name in dict.fromkeys(way.rpartition(", ")[0] for way in ways):
        cells = (turns.in_words(found[f"{name}, {kind}"], 0) for kind in ("threads", "one"))
        print(f"{name:<12}" + "".join(f"{cell:>24}" for cell in cells), flush=True)


def ways_for(paths: list[str]) -> dict[str, Way]:
    """Each decoder, twice."""
    ways: dict[str, Way] = {
        "ours, threads": lambda names, image_size: spent(
            decoded_batches(names, image_size, tk.DataConfig(), batch_size=BATCH)
        ),
        "ours, one": lambda names, image_size: spent(decode(name, image_size) for name in names),
    }
    readers: dict[str, Read] = {"Pillow": by_pillow}
    if find_spec("simplejpeg") and all(path.lower().endswith(JPEGS) for path in paths):
        readers["simplejpeg"] = by_simplejpeg
    for name, read in readers.items():
        ways |= {f"{name}, threads": in_threads(read), f"{name}, one": in_one(read)}
    return ways | {"tf.io, threads": by_tensorflow(None), "tf.io, one": by_tensorflow(1)}


def by_pillow(path: str, image_size: int) -> np.ndarray:
    """`(height, width, 3)` uint8, nothing shrunk on the way."""
    with Image.open(path) as image:
        return np.asarray(
            image.convert("RGB").resize((image_size, image_size), Image.Resampling.BILINEAR)
        )


def by_simplejpeg(path: str, image_size: int) -> np.ndarray:
    """`(height, width, 3)` uint8, shrunk by a power of two on the way."""
    import simplejpeg

    pixels = simplejpeg.decode_jpeg(
        Path(path).read_bytes(), min_height=image_size, min_width=image_size
    )
    image = Image.fromarray(pixels)
    return np.asarray(
        image.resize((image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    )


def by_tensorflow(threads: int | None) -> Way:
    """By tf.data, in so many threads, or as many as there are."""
    import tensorflow as tf

    def read(paths: list[str], image_size: int) -> object:
        def pixels(path: tf.Tensor) -> tf.Tensor:
            image = tf.io.decode_image(tf.io.read_file(path), 3, expand_animations=False)
            return tf.cast(
                tf.image.resize(image, (image_size, image_size), antialias=True), tf.uint8
            )

        images = tf.data.Dataset.from_tensor_slices(paths)
        images = images.map(pixels, num_parallel_calls=threads or tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads or THREADS
        return spent(images.batch(BATCH).with_options(options))

    return read


def in_threads(read: Read) -> Way:
    def way(paths: list[str], image_size: int) -> object:
        with ThreadPoolExecutor(THREADS) as pool:
            return spent(pool.map(lambda path: read(path, image_size), paths))

    return way


def in_one(read: Read) -> Way:
    return lambda paths, image_size: spent(read(path, image_size) for path in paths)


def spent(items: Iterable[object]) -> int:
    """How many items there are, each taken."""
    return sum(1 for _ in items)


if __name__ == "__main__":
    main()
