"""How long until there is a trained head on a frozen backbone: the usual way in Keras, and ours.

    python benchmarks/head.py DIR
    python benchmarks/head.py DIR --weights FILE --usual-rounds 1
    python benchmarks/head.py DIR --weights FILE --precision int8

The usual way is Keras' guide to transfer learning: `image_dataset_from_directory`, prefetched; the
frozen backbone, pooled, dropout of 0.2 and one layer; ten epochs (--epochs) of `fit` with Adam, in
float32. Ours is `tk.train` with `unfreeze="none"`: first with nothing kept from before, then again,
with the features of that run. In int8 it is also run with the quantised network of the first run,
as one has it who asked that backbone of other images before, and no features. All have the same
split of the same images, which are in the system's file cache; they should be JPEG, PNG, BMP or
GIF, since Keras reads no others.

The clock of "from the first file" starts after the imports. For the usual way it starts after the
building of the network too; for ours, checking every file and building are within. "In all" starts
with the process. Both end when the head is trained, for ours with the network saved.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import turns

import transferkit as tk
from transferkit.storage.disk_cache import FOLDER, NETWORKS

SUBJECTS = ("usual", "cold", "quantised", "warm")


def main() -> None:
    """Let the subjects take turns, and print a row each."""
    parser = turns.parser(__doc__)
    parser.add_argument("--epochs", type=int, default=10, help="of the usual way")
    parser.add_argument("--precision", default="auto", help="of ours: auto, float32, int8, ...")
    asked = parser.parse_args()
    found: dict[str, list[turns.Found]] = {name: [] for name in SUBJECTS}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = turns.folder_of(asked, scratch)
        backbone, weights = turns.model_of(asked, scratch)
        manifest = tk.Manifest.read(folder)
        print(f"{manifest!r}, {backbone}", flush=True)
        links = turns.linked(manifest, scratch / "links")
        model: dict[str, Any] = {"backbone": backbone, "weights": weights}
        for number in range(asked.rounds):
            if number < (asked.usual_rounds or asked.rounds):
                taken = turns.take(usual, folder=links, epochs=asked.epochs, **model)
                found["usual"].append(taken)
            cache, other = scratch / f"cache-{number}", scratch / f"network-{number}"
            settings = {"folder": folder, "precision": asked.precision, **model}
            found["cold"].append(turns.take(ours, cache=cache, **settings))
            if asked.precision == "int8":
                network = f"{FOLDER}/{NETWORKS}"
                shutil.copytree(cache / network, other / network)
                found["quantised"].append(turns.take(ours, cache=other, **settings))
            found["warm"].append(turns.take(ours, cache=cache, **settings))
    print_table({name: runs for name, runs in found.items() if runs}, asked.epochs)


def usual(*, folder: str, backbone: str, weights: str, epochs: int) -> turns.Found:
    """As Keras' guide has it: every image goes through the backbone in each epoch."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    import keras

    from transferkit.backbones.build import build_backbone, preprocess
    from transferkit.backbones.catalog import find_backbone

    row = find_backbone(backbone)
    frozen = build_backbone(row, weights)
    frozen.trainable = False
    images = keras.Input((row.image_size, row.image_size, 3))
    features = frozen(preprocess(row, images), training=False)
    features = keras.layers.GlobalAveragePooling2D()(features)
    features = keras.layers.Dropout(0.2)(features)
    classes = len(list(Path(folder, "train").iterdir()))
    model = keras.Model(images, keras.layers.Dense(classes, activation="softmax")(features))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    began = time.time()
    data = turns.datasets(folder, row.image_size)
    model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=epochs,
        shuffle=False,  # the data are shuffled already
        verbose=0,
    )
    ended = time.time()
    accuracy = model.evaluate(data["test"], verbose=0, return_dict=True)["accuracy"]
    return {"began": began, "ended": ended, "accuracy": accuracy}


def ours(*, folder: str, backbone: str, weights: str, precision: Any) -> turns.Found:
    """The features once, and the head solved on them."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    train, read = tk.train, tk.Manifest.read  # imported now
    config = tk.Config(
        model=tk.ModelConfig(backbone=backbone, weights=weights),
        train=tk.TrainConfig(unfreeze="none"),
        compute=tk.ComputeConfig(precision=precision),
    )
    began = time.time()
    manifest = read(folder)
    network = train(manifest, config)
    ended = time.time()
    test = manifest.part("test")
    right = network.probabilities(list(test["path"])).argmax(axis=1) == manifest.label_indices(test)
    return {"began": began, "ended": ended, "accuracy": float(right.mean())}


def print_table(found: dict[str, list[turns.Found]], epochs: int) -> None:
    """Seconds of each subject by both clocks, and how many times faster than the usual way."""
    titles = {
        "usual": f"the usual way, {epochs} epochs",
        "cold": "ours",
        "quantised": "ours, quantised before",
        "warm": "ours, again",
    }
    heads = ("s from the first file", "s in all", "test %", "times faster")
    print(f"{'median (minimum..maximum)':<28}" + "".join(f"{head:>24}" for head in heads))
    medians: dict[str, list[float]] = {}
    for name, runs in found.items():
        clocks = [[run["ended"] - run[start] for run in runs] for start in ("began", "started")]
        medians[name] = [statistics.median(clock) for clock in clocks]
        times = [slow / fast for slow, fast in zip(medians["usual"], medians[name], strict=True)]
        cells = [turns.in_words(clock) for clock in clocks]
        cells.append(turns.in_words([100 * run["accuracy"] for run in runs]))
        cells.append(" and ".join(f"{each:.1f}" for each in times))
        print(f"{titles[name]:<28}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
