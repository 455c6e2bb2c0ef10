"""How fast the last block of a backbone learns: Keras' `fit` from pixels, and ours.

    python benchmarks/finetune.py DIR
    python benchmarks/finetune.py DIR --backbone mobilenet_v2 --weights FILE --images 2000

The usual way, as in Keras' guide: the last block released, its batch normalisation frozen, Adam at
1e-5, float32, every epoch from pixels; augmentation is left out, and the head that it starts from
is given to it. Ours is `tk.train` with `unfreeze="last"`: it reads what enters that block once,
with the features for the head, which is solved; `--cached-views 1` is the same for one augmented
view of
each image; "again" finds all of it kept from the run before.

Images a second are training images by the seconds of an epoch, validation within, the first epoch
left out. Seconds in all are from the first file to the end, for ours with the head and the saving.
The best validation accuracy is that of the epochs; the last column says when that of the usual way,
in its first run, was there. Without --weights they are random, and accuracies mean little.
"""

from __future__ import annotations

import tempfile
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import turns

import transferkit as tk

OURS = (("0", "ours, no view"), ("1", "ours, 1 view"), ("1", "ours, 1 view, again"))
USUAL = "the usual way"
SHARE = 4  # a validation image for so many training images


def main() -> None:
    """Let the subjects take turns, and print a row each."""
    parser = turns.parser(__doc__)
    parser.set_defaults(backbone="resnet50", weights="none")
    parser.add_argument("--images", type=int, default=256, help="to train on")
    parser.add_argument("--epochs", type=int, default=4)
    asked = parser.parse_args()
    found: dict[str, list[turns.Found]] = {USUAL: [], **{title: [] for _, title in OURS}}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        manifest = few(tk.Manifest.read(turns.folder_of(asked, scratch)), asked.images)
        backbone, weights = turns.model_of(asked, scratch)
        print(f"{manifest!r}, {backbone}", flush=True)
        links = turns.linked(manifest, scratch / "links")
        manifest.save(scratch / "manifest.csv")
        network = str(scratch / "network")
        given: dict[str, Any] = {"manifest": str(scratch / "manifest.csv"), "backbone": backbone}
        given |= {"weights": weights, "epochs": asked.epochs}
        turns.take(ours, unfreeze="none", cached_views="0", folder=network, **given)
        for number in range(asked.rounds):
            if number < (asked.usual_rounds or asked.rounds):
                settings = {"links": links, "network": network, "epochs": asked.epochs}
                found[USUAL].append(turns.take(usual, backbone=backbone, **settings))
            for views, title in OURS:
                cache = scratch / f"cache-{number}-{views}"
                taken = turns.take(ours, cache=cache, unfreeze="last", cached_views=views, **given)
                found[title].append(taken)
    print_table(found, len(manifest.part("train")))


def few(manifest: tk.Manifest, images: int) -> tk.Manifest:
    """So many images to train on, and a quarter as many for validation, drawn at random."""
    rows = manifest.usable.sample(frac=1, random_state=0)
    wanted = {"train": images, "validation": images // SHARE, "test": images // SHARE}
    place = rows.groupby("split").cumcount()
    return tk.Manifest(rows[place < rows["split"].map(wanted)], manifest.source)


def usual(*, links: str, network: str, backbone: str, epochs: int) -> turns.Found:
    """Keras' `fit` from the pixels of a folder of links, on a network with a head that has learnt.

    Returns what `ours` returns.
    """
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    import keras

    from transferkit.backbones.catalog import find_backbone
    from transferkit.models.freezing import unfreeze_blocks

    row, model = find_backbone(backbone), tk.Network.load(network).model
    unfreeze_blocks(model, row, 1, pretrained=True)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-5),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    began = time.time()
    data = turns.datasets(links, row.image_size)
    started = time.time()
    moments: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: moments.append(time.time()))
    history = model.fit(
        data["train"],
        validation_data=data["validation"],
        epochs=epochs,
        shuffle=False,  # the data are shuffled already
        callbacks=[clock],
        verbose=0,
    ).history
    starts = [started, *moments]
    seconds = [end - start for start, end in zip(starts, moments, strict=False)]
    accuracies = list(zip(moments, history["val_accuracy"], strict=True))
    return {"began": began, "ended": time.time(), "seconds": seconds, "accuracies": accuracies}


def ours(
    *,
    manifest: str,
    backbone: str,
    weights: str,
    unfreeze: str,
    cached_views: str,
    epochs: int,
    folder: str | None = None,
) -> turns.Found:
    """The seconds of each epoch of fine-tuning, and when there was which validation accuracy."""
    from transferkit.runtime.process import silence_tensorflow

    silence_tensorflow()
    train, chosen = tk.train, tk.Manifest.load(manifest)
    config = tk.Config(
        model=tk.ModelConfig(backbone=backbone, weights=weights),
        train=tk.TrainConfig(
            unfreeze=unfreeze, cached_views=cached_views, epochs=epochs, patience=epochs
        ),
    )
    began = time.time()
    network = train(chosen, config, run=tk.Run.create(folder) if folder else None)
    ended = time.time()
    tuned = [row for row in network.history if row.stage == "fine-tune"]
    seconds = [row.seconds for row in tuned]
    left = [*accumulate(reversed(seconds), initial=0.0)][-2::-1]  # after each epoch
    moments = [ended - each for each in left]
    accuracies = list(zip(moments, (row.val_accuracy for row in tuned), strict=True))
    return {"began": began, "ended": ended, "seconds": seconds, "accuracies": accuracies}


def print_table(found: dict[str, list[turns.Found]], images: int) -> None:
    """Images a second of each subject, seconds in all, and those to the same accuracy."""
    wanted = max(accuracy for _, accuracy in found[USUAL][0]["accuracies"])
    heads = ("images/s", "s in all", "best val. %", f"s to {100 * wanted:.1f} %")
    print(f"{'median (minimum..maximum)':<26}" + "".join(f"{head:>24}" for head in heads))
    for title, runs in found.items():
        rates = [images / seconds for run in runs for seconds in run["seconds"][1:]]
        best = [100 * max(accuracy for _, accuracy in run["accuracies"]) for run in runs]
        reached = [
            next((at - run["began"] for at, each in run["accuracies"] if each >= wanted), None)
            for run in runs
        ]
        times = [each for each in reached if each is not None]
        cells = [
            turns.in_words(rates),
            turns.in_words([run["ended"] - run["began"] for run in runs]),
            turns.in_words(best),
            turns.in_words(times) if len(times) == len(runs) else f"{len(times)} of {len(runs)} do",
        ]
        print(f"{title:<26}" + "".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
