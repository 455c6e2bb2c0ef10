"""Export of a prepared set of tensorflow-datasets as an image folder with its own splits."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.data.sources.split_names import SPLITS
from transferkit.data.sources.tfds.metadata import METADATA_FILE
from transferkit.errors import DataError
from transferkit.runtime.progress import log, track
from transferkit.storage.files import new_folder

EXTENSIONS = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"RIFF": ".webp",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
}
# Characters that some file system refuses in a name; a leading dot would hide the folder.
UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*%]|^\.|[. ]$|^ ')


def image_and_label(info: Any) -> tuple[str, str] | None:
    """Return the names of the image and the class label in a set's examples; None where unclear.

    Both are those that it names for supervised learning, or else the only ones there are.
    """
    import tensorflow_datasets as tfds

    features = dict(info.features) if isinstance(info.features, tfds.features.FeaturesDict) else {}
    images = [
        name
        for name, feature in features.items()
        if isinstance(feature, tfds.features.Image)
        and not isinstance(feature, tfds.features.LabeledImage)  # a mask
        and np.dtype(feature.np_dtype).kind == "u"  # not a depth map, packed into a PNG
    ]
    labels = [
        name for name, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)
    ]
    match info.supervised_keys:
        case (str(image), str(label)) if image in images and label in labels:
            return image, label
    return (images[0], labels[0]) if len(images) == len(labels) == 1 else None


def write_set(
    builder: Any, folder: Path, *, keys: tuple[str, str], limit: int | None = None
) -> Path:
    """Write the prepared set of `builder` as an image folder, whole or not at all.

    Args:
        builder: a `tfds.core.DatasetBuilder` whose data is on the disk.
        folder: one that does not exist yet, or is empty.
        keys: the names of the image and the class label in an example.
        limit: images of each split at most.

    Raises:
        DataError: no image has a label, the data is damaged, or `folder` cannot be written.
    """
    notes, counts = [], {}
    splits = [split for split in SPLITS if split in builder.info.splits]
    others = [split for split in builder.info.splits if split not in SPLITS]
    if others:
        notes.append(f"Left out, as neither train, validation nor test: {', '.join(others)}.")
    if "train" not in splits:
        notes.append("There is no train split, so the images are in one folder, to be split.")
    with new_folder(folder) as temporary:
        for split in splits:
            # Without a train split, the others say nothing about what to learn from.
            prefix = f"{split}/{{}}/" if "train" in splits else f"{{}}/{split}-"
            files = _write_split(builder, split, temporary, prefix=prefix, keys=keys, limit=limit)
            counts[split] = files["written"]
            if files["unlabelled"]:
                notes.append(f"{files['unlabelled']} images of {split} have no label: left out.")
        if not sum(counts.values()):
            raise DataError(
                f"No image of the catalogue data set {builder.info.full_name!r} has a label, so "
                "there is nothing to learn from in it: choose another."
            )
        about = _about(builder.info, keys[1]) | {"images": counts, "notes": notes}
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
        (temporary / METADATA_FILE).write_text(text, encoding="utf-8")
    for note in notes:
        log(f"{builder.info.full_name}: {note}")
    return folder


def _write_split(
    builder: Any,
    split: str,
    folder: Path,
    *,
    prefix: str,
    keys: tuple[str, str],
    limit: int | None,
) -> Counter[str]:
    """Write one file per image, its `prefix` filled with its class; return counts of files."""
    names = [safe_name(name) for name in builder.info.features[keys[1]].names]
    total = builder.info.splits[split].num_examples
    examples = _examples(builder, split, keys, limit)
    counts: Counter[str] = Counter()
    for index, (content, label) in enumerate(
        track(examples, min(total, limit or total), doing=f"Writing {split}")
    ):
        if label < 0:  # the set does not publish this label
            counts["unlabelled"] += 1
            continue
        path = folder / f"{prefix.format(names[label])}{index:06}{_ending(content)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        counts["written"] += 1
    return counts


def _examples(
    builder: Any, split: str, keys: tuple[str, str], limit: int | None
) -> Iterator[tuple[bytes, int]]:
    """Yield the encoded image and class index of each example, in the set's own order."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    image, label = keys
    decoders = tfds.decode.PartialDecoding(
        {image: True, label: True}, decoders={image: tfds.decode.SkipDecoding()}
    )
    reading = tfds.ReadConfig(try_autocache=False)  # each is read once
    data = builder.as_dataset(split=split, decoders=decoders, read_config=reading)
    try:
        for example in data.take(-1 if limit is None else limit).as_numpy_iterator():
            yield example[image], int(example[label])
    except tf.errors.OpError as error:
        raise DataError(
            f"The prepared files in {str(builder.data_dir)!r} cannot be read: remove that folder "
            "and run this again."
        ) from error


def safe_name(name: str) -> str:
    """Return the class `name` as a folder name; `urllib.parse.unquote` reverses it."""
    return UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", name) or "%"


def _ending(content: bytes) -> str:
    for start, ending in EXTENSIONS.items():
        if content.startswith(start):
            return ending
    return ".image"


def _about(info: Any, label: str) -> dict[str, Any]:
    """Return the catalogue's facts on the set; a missing one is an empty text."""
    names = info.features[label].names
    return {
        "name": info.full_name,
        "version": str(info.version),
        "homepage": info.homepage or "",
        "licence": info.redistribution_info.license or "",
        "citation": info.citation or "",
        "description": info.description or "",
        "classes": {safe_name(name): name for name in names},
    }
