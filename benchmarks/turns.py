"""Shared by benchmarks: arguments, and subjects that take turns, each in its own process.

So the start of each counts, and nothing of it is left for the next.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import transferkit as tk
from transferkit.config.settings import DEFAULT_BACKBONE

CHILD = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
found = getattr(importlib.import_module(sys.argv[2]), sys.argv[3])(**json.loads(sys.argv[4]))
print("\\n" + json.dumps(found))
"""
Found = dict[str, Any]
"""Values that a subject returns by name, moments in seconds since 1970 among them."""


def parser(text: str | None) -> argparse.ArgumentParser:
    """The arguments that all have; `text` is the docstring of the script."""
    found = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("folder", nargs="?", help="of images; the handwritten digits if not given")
    found.add_argument("--backbone", help="a name that `transferkit backbones` lists")
    found.add_argument("--weights", default="imagenet", help="imagenet, none, or a file's path")
    found.add_argument("--rounds", type=int, default=3)
    found.add_argument("--usual-rounds", type=int, help="of the usual way, where that is slow")
    return found


def folder_of(asked: argparse.Namespace, scratch: Path) -> str:
    """The folder that was asked for, or the digits, written into `scratch`."""
    return asked.folder or str(tk.write_digits(scratch / "digits"))


def model_of(asked: argparse.Namespace, scratch: Path) -> tuple[str, str]:
    """A backbone and its weights; random ones are a file in `scratch`, as good as learnt to us.

    Those of Keras' cache are a file's path, so that other processes need no network; those that are
    installed go by their name.
    """
    from transferkit.backbones.catalog import find_backbone
    from transferkit.backbones.resolve import resolve_model
    from transferkit.backbones.weights import weights_path

    name = asked.backbone or DEFAULT_BACKBONE
    model = resolve_model(tk.ModelConfig(backbone=name, weights=asked.weights))
    if model.weights == "none":
        path = scratch / "random.weights.h5"
        take(save_random, backbone=model.backbone, path=str(path))
        return model.backbone, str(path)
    row = find_backbone(model.backbone)
    if model.weights == "imagenet" and row.package_file:
        return model.backbone, model.weights
    return model.backbone, str(weights_path(row, model.weights))


def save_random(*, backbone: str, path: str) -> Found:
    """Write random weights of `backbone` to `path`."""
    from transferkit.backbones.build import build_backbone
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    build_backbone(backbone, "none").save_weights(path)
    return {}


def linked(manifest: tk.Manifest, folder: Path) -> str:
    """`folder` with links to the images, by split and class number, as Keras reads folders."""
    for number, label in enumerate(manifest.classes):
        for split in ("train", "validation", "test"):
            place = folder / split / f"{number:04}"
            place.mkdir(parents=True)
            rows = manifest.part(split)
            for row, path in enumerate(rows["path"][rows["label"] == label]):
                (place / f"{row:06}{Path(path).suffix.lower()}").symlink_to(path)
    return str(folder)


def datasets(folder: str, image_size: int) -> dict[str, Any]:
    """The splits of a folder of `linked`, as Keras' guide reads them: batches of 32, prefetched."""
    import keras
    import tensorflow as tf

    return {
        split: keras.utils.image_dataset_from_directory(
            f"{folder}/{split}",
            image_size=(image_size, image_size),
            batch_size=32,
            shuffle=split == "train",
            seed=0,
            verbose=False,
        ).prefetch(tf.data.AUTOTUNE)
        for split in ("train", "validation", "test")
    }


def take(subject: Callable[..., Found], *, cache: Path | None = None, **settings: Any) -> Found:
    """Return the values of `subject` with `settings` from a process of its own, and its start.

    Features are kept in `cache`, or not at all where they would be without it.
    """
    script = Path(inspect.getfile(subject))
    command = [sys.executable, "-c", CHILD, str(script.parent), script.stem, subject.__name__]
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    if cache:
        environment["TRANSFERKIT_CACHE"] = str(cache)
    started = time.time()
    done = subprocess.run(
        [*command, json.dumps(settings)], env=environment, stdout=subprocess.PIPE, check=True
    )
    return {"started": started, **json.loads(done.stdout.splitlines()[-1])}


def in_words(values: Sequence[float], digits: int = 1) -> str:
    """The median of `values`, and from where to where they go."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f}..{most:,.{digits}f})"
