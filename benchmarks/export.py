"""Exports of several backbones beside their networks: agreement, size and speed by format.

    python benchmarks/export.py DIR --weights mobilenet_v2=FILE vgg16=FILE
    python benchmarks/export.py DIR --backbones resnet50 inception_v3 --images 100

For each backbone, a linear head is solved on the training images of DIR, the backbone frozen. The
network is exported to every format that is installed, loaded by its runtime in a fresh process, and
compared on the test images: the share with the same class, the greatest difference of a
probability, and whether that is within the bound. Milliseconds are those per image in batches of
8, decoding left out, once the first batch is through; the network's are Keras'. For `encoded`, the
signature of a SavedModel that takes image files, TensorFlow decodes up to 200 of them. Backbones
without a file of weights are random, but for the one that is installed with the package.

The first line counts the files of DIR that the predict.py of an export, which needs no transferkit,
decodes to the very pixels of the training; `--backbones` without a name prints that line alone.
"""

from __future__ import annotations

import argparse
import runpy
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import transferkit as tk
from transferkit.backbones.catalog import find_backbone
from transferkit.config.settings import DEFAULT_BACKBONE
from transferkit.errors import DeviceError, TransferkitError
from transferkit.export.formats import FORMATS, ExportFormat, require_installed
from transferkit.runtime.process import silence_tensorflow

BACKBONES = ("efficientnet_lite0", "mobilenet_v2", "vgg16", "resnet50", "inception_v3")
ENCODED_IMAGES = 200
SIDE = 224  # pixels of the images that predict.py decodes
HEADS = ("MB", "ms", "same class", "difference", "accuracy", "")


def main() -> None:
    """Print one line per backbone and format."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="of images; the handwritten digits if not given")
    parser.add_argument("--backbones", nargs="*", default=BACKBONES)
    parser.add_argument("--weights", nargs="+", default=[], metavar="NAME=FILE")
    parser.add_argument("--images", type=int, default=1000, help="test images at most")
    asked = parser.parse_args()
    weights = dict(pair.split("=", 1) for pair in asked.weights)
    silence_tensorflow()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or str(tk.write_digits(Path(scratch) / "digits"))
        manifest = tk.Manifest.read(folder)
        print(f"predict.py: the same pixels for {same_pixels(manifest)}", flush=True)
        print(f"{'':<34}" + "".join(f"{head:>13}" for head in HEADS), flush=True)
        for name in asked.backbones:
            print_backbone(name, weights.get(name, ""), manifest, asked.images)


def print_backbone(name: str, weights: str, manifest: tk.Manifest, images: int) -> None:
    """Print the lines of one backbone."""
    from transferkit.export.reference import read_reference

    with tempfile.TemporaryDirectory() as scratch:
        network = trained(name, weights, manifest, Path(scratch))
        reference = read_reference(network, manifest, calibrated=True, max_images=images)
        accuracy = (reference.probabilities.argmax(axis=1) == reference.labels).mean()
        cells = ["", f"{reference.milliseconds:.1f}", "", "", f"{100 * accuracy:.1f} %"]
        print_line(f"{name}, {len(reference.paths)} images", "network", cells)
        for row in FORMATS:
            try:
                print_format(row, network, reference, Path(scratch) / row.name)
            except TransferkitError as error:
                print(f"{name} as {row.name}: {error}", flush=True)


def same_pixels(manifest: tk.Manifest) -> str:
    """Return for how many files predict.py decodes to the pixels of `tk.decode`."""
    from transferkit.export.handover import SCRIPT, write_script
    from transferkit.export.record import RECORD

    paths, data = manifest.usable["path"].tolist(), manifest.settled_data(tk.DataConfig())
    config = tk.ModelConfig(backbone="lenet", weights="none")
    model = tk.build_classifier(config, ("a", "b"), image_size=SIDE)
    network = tk.Network("lenet", model, ("a", "b"), data)
    with tempfile.TemporaryDirectory() as folder:
        write_script(FORMATS[0], Path(folder), network)
        (Path(folder) / RECORD).write_text('{"classes": []}', "utf-8")
        program = runpy.run_path(str(Path(folder) / SCRIPT), run_name="loaded")
        pixels = (tk.decode(path, SIDE, value_range=data.value_range) for path in paths)
        same = [
            np.array_equal(program["decode"](path), values)
            for path, values in zip(paths, pixels, strict=True)
        ]
    return f"{sum(same):,} of {len(same):,} files"


def trained(name: str, weights: str, manifest: tk.Manifest, scratch: Path) -> tk.Network:
    """Return a network of the frozen backbone, with a head that was solved on the images."""
    from transferkit.backbones.build import build_backbone

    if not weights and name != DEFAULT_BACKBONE:
        weights = str(scratch / "random.weights.h5")  # as a file they count as pretrained
        row = find_backbone(name)
        build_backbone(row, "none", row.image_size).save_weights(weights)
    model = tk.ModelConfig(backbone=name, weights=weights or "imagenet")
    return tk.train(manifest, tk.Config(model=model, train=tk.TrainConfig(unfreeze="none")))


def print_format(row: ExportFormat, network: tk.Network, reference: object, folder: Path) -> None:
    """Print the line of one format, and that of the files that TensorFlow decodes."""
    from transferkit.export.agreement import measure_agreement
    from transferkit.export.fresh_process import answers_in_fresh_process, encoded_in_fresh_process
    from transferkit.export.record import file_digests
    from transferkit.export.reference import Reference
    from transferkit.export.writers import write_model

    assert isinstance(reference, Reference)
    try:
        require_installed(row)
    except DeviceError as error:
        print(error, flush=True)
        return
    folder.mkdir()
    write_model(network, row, folder, reference.calibration)
    answers = answers_in_fresh_process(row, folder, reference.pixels)
    agreement = measure_agreement(reference.probabilities, answers["same"], reference.labels)
    size = sum((folder / path).stat().st_size for path in file_digests(folder, row.model)) / 1e6
    cells = [f"{size:.1f}", f"{answers['same milliseconds']:.1f}"]
    cells += [f"{100 * agreement.same_top1:.2f} %", f"{agreement.max_difference:.1e}"]
    cells += [f"{100 * (agreement.accuracy or 0):.1f} %"]
    cells += ["" if agreement.is_within(row) else "refused"]
    print_line("", row.name, cells)
    if row.name != "saved_model":
        return
    few = reference.head(ENCODED_IMAGES)
    encoded = encoded_in_fresh_process(row, folder, few.paths)["encoded"]
    read = np.isfinite(encoded).all(axis=1)
    agreement = measure_agreement(few.probabilities[read], encoded[read], few.labels[read], tie=0)
    cells = ["", "", f"{100 * agreement.same_top1:.2f} %", f"{agreement.max_difference:.1e}"]
    print_line("", f"encoded, {read.sum()}", [*cells, f"{100 * (agreement.accuracy or 0):.1f} %"])


def print_line(name: str, title: str, cells: Sequence[str]) -> None:
    """Print one line of the table."""
    start = f"{name:<34}\n{title:>34}" if name else f"{title:>34}"
    print(start + "".join(f"{cell:>13}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
