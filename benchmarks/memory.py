"""How much memory reading features takes, and solving the head on them, as images become more.

    python benchmarks/memory.py
    python benchmarks/memory.py 2000 10000 --image-size 32

Draws as many different JPEGs of 64 pixels as the largest of the numbers says, 2,000, 10,000, 50,000
and 100,000 if none are given, and reads their features with pocket at a small side, the first so
many of them in a process each: cold, then again, kept. Prints the megabytes of the features, and
those that are resident: before the first file, with the list of paths; at most until the features
were there (the peak of the process); after that; and at most until the head was solved on them,
unless with --no-head. Beside each is how much more was added to what was there before than for the
smallest number, as a share of how much more the features take. On Linux alone.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import turns
from PIL import Image

import transferkit as tk

NUMBERS = (2_000, 10_000, 50_000, 100_000)
CLASSES = 10
PLAIN, GROWING = ("features", "before"), ("peak", "after", "with head")


def main() -> None:
    """Draw the images, and print a row for each number of them, cold and kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--image-size", type=int, default=32, help="pixels that pocket looks at")
    parser.add_argument("--no-head", action="store_true", help="leave out the solving")
    asked = parser.parse_args()
    numbers = sorted(asked.numbers)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        draw(scratch, numbers[-1])
        settings = {"folder": name, "image_size": asked.image_size, "head": not asked.no_head}
        growing = [
            text for name in GROWING[: 2 if asked.no_head else 3] for text in (name, "grown")
        ]
        heads = ("seconds", *PLAIN, *growing)
        print(f"{'megabytes':<16}" + "".join(f"{head:>10}" for head in heads), flush=True)
        first: dict[str, turns.Found] = {}
        for number in numbers:
            for title in ("cold", "kept"):
                cache = scratch / f"cache-{number}"
                found = turns.take(read, cache=cache, images=number, **settings)
                least = first.setdefault(title, found)
                print(f"{f'{number:,} {title}':<16}" + row_of(found, least), flush=True)


def draw(folder: Path, number: int) -> None:
    """Write so many JPEGs, no two alike; each one's number decides its colour, and its class."""

    def write(place: int) -> None:
        generator = np.random.default_rng(place)
        pixels = generator.integers(0, 128, (8, 8, 3), dtype=np.uint8)
        pixels[..., 0] += 12 * (place % CLASSES)
        Image.fromarray(pixels).resize((64, 64)).save(folder / name_of(place))

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(number)))


def name_of(place: int) -> str:
    return f"{place:06}.jpg"


def read(*, folder: str, images: int, image_size: int, head: bool) -> turns.Found:
    """Bytes that are resident before and after the features of so many images, and at most."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    from transferkit.backbones.resolve import resolve_model
    from transferkit.features.extract import extract_features
    from transferkit.features.linear_probe import solve_probe
    from transferkit.features.spec import FeatureSpec

    paths = [f"{folder}/{name_of(place)}" for place in range(images)]
    model = resolve_model(tk.ModelConfig(backbone="pocket"))
    config = tk.Config(data=tk.DataConfig(image_size=image_size), model=model)
    found: turns.Found = {"before": resident()}
    started = time.perf_counter()
    features = extract_features(FeatureSpec.from_config(config), paths).values
    found |= {"seconds": time.perf_counter() - started, "features": features.nbytes}
    found |= {"peak": peak(), "after": resident()}
    if head:
        truth = np.arange(images) % CLASSES
        weights = np.ones(images, np.float32)
        solve_probe(features, truth, classes=CLASSES, weights=weights, groups=paths, seed=0)
        found["with head"] = peak()
    return found


def resident() -> int:
    """Bytes of this process that are in memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak() -> int:
    """The most that there ever were: Linux counts them by 1,024."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def row_of(found: turns.Found, least: turns.Found) -> str:
    """The cells of `found`, and what it added beyond `least`, in units of the added features."""
    cells = [f"{found['seconds']:.1f}", *(f"{found[name] / 1e6:,.0f}" for name in PLAIN)]
    features = found["features"] - least["features"]
    for name in GROWING:
        if name in found:
            grown = found[name] - found["before"] - (least[name] - least["before"])
            cells.append(f"{found[name] / 1e6:,.0f}")
            cells.append(f"{grown / features:.2f}" if features else "-")
    return "".join(f"{cell:>10}" for cell in cells)


if __name__ == "__main__":
    main()
