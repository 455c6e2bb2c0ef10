"""Which split each image of a list is in: the source's own, completed."""

from __future__ import annotations

import pandas as pd

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.formats import FORMATS
from transferkit.data.sources.class_names import unknown_classes
from transferkit.data.sources.csv.csv_file import SEVERAL
from transferkit.data.splits import split_groups
from transferkit.errors import DataError
from transferkit.runtime.text import NAMED_AT_MOST

SPLITS = ("train", "validation", "test")


def require_classes(frame: pd.DataFrame, name: str) -> None:
    """Refuse what there is nothing to learn from.

    Raises:
        DataError: there are no two classes with images that can be read.
    """
    usable = frame[frame["problem"] == ""]
    if usable.empty:
        first = frame.iloc[0]
        advice = f"put whole images ({', '.join(FORMATS)}) there"
        if first["problem"].startswith(SEVERAL):
            advice = "give each image one label"
        subject = f"None of the {len(frame)} files of {name!r} can be used: the first, "
        if len(frame) == 1:
            subject = f"The one file of {name!r} cannot be used: "
        raise DataError(f"{subject}{first['path']!r}, {first['problem']}; {advice}.")
    classes = usable["label"].unique()
    if len(classes) == 1:
        raise DataError(
            f"{name!r} has one class with images that can be read, {classes[0]!r}: "
            "there should be at least two; add images of another."
        )


def assign_splits(frame: pd.DataFrame, data: DataConfig, seed: int) -> list[str]:
    """Fill in `split` for the usable rows, in place; say what was made of the source's own.

    Raises:
        DataError: some have a split and others none, none is in train, or no class of another
            split is in train.
    """
    good = frame["problem"] == ""
    frame.loc[~good, "split"] = ""
    found, notes = set(frame.loc[good, "split"]), []
    if "" in found and found != {""}:
        lost = frame.loc[good & (frame["split"] == ""), "path"].iloc[0]
        raise DataError(f"{lost!r} has no split and other images do: give one to all or to none.")
    if found == {"train"}:
        notes.append("Only train/ has images: they were split as a folder without splits is.")
        frame.loc[good, "split"], found = "", {""}
    if "train" not in found and found != {""}:
        raise DataError(
            f"Images are in the splits {', '.join(sorted(found))} and none is in train: "
            "put images to learn from there, give no splits, or have those of a folder taken for "
            "parts of one set, which is split anew, by --data.layout parts."
        )
    _require_known_classes(frame[good])
    if found == {"train", "validation"}:
        notes.append(
            "There is no test split, so the validation split is the test: nothing is chosen on it, "
            "and a new validation split was taken from train."
        )
        frame.loc[frame["split"] == "validation", "split"] = "test"
        found = {"train", "test"}
    if found == set(SPLITS):
        return notes
    pool = frame.index[good & frame["split"].isin(["", "train"])]
    rows = frame.loc[pool].sort_values("path")  # the order of a list decides nothing
    frame.loc[rows.index, "split"] = split_groups(
        rows["label"].tolist(),
        rows["group"].tolist(),
        validation=data.validation_split,
        test=data.test_split if found == {""} else 0.0,
        seed=seed,
    )
    return notes


def _require_known_classes(frame: pd.DataFrame) -> None:
    learnt = set(frame.loc[frame["split"] == "train", "label"])
    for split in ("test", "validation"):
        labels = set(frame.loc[frame["split"] == split, "label"])
        if learnt and labels and not labels & learnt:
            raise DataError(unknown_classes(split, labels, learnt))


def require_train(frame: pd.DataFrame, name: str) -> None:
    """Refuse a list that nothing can be learnt from, such as one made by hand without splits.

    Raises:
        DataError: no image is in train.
    """
    if ((frame["split"] == "train") & (frame["problem"] == "")).any():
        return
    of = f"the manifest of {name!r}" if name else "the manifest"
    raise DataError(
        f"No image of {of} is in train: mark some in its column split as train, validation and "
        "test, or have them split by `Manifest.read` of a folder or a .csv with path,label."
    )


def require_test(frame: pd.DataFrame, name: str) -> None:
    """Refuse what no classifier can be scored on.

    Raises:
        DataError: no image is in the test.
    """
    if (frame["split"] == "test").any():
        return
    raise DataError(
        f"No image of {name!r} can be kept for the test: no class has two that are not copies of "
        "each other or of one group; add images."
    )


def rare_classes(frame: pd.DataFrame) -> list[str]:
    """Sentences on classes that cannot be learnt or scored, and on having nothing to choose by."""
    usable = frame[frame["problem"] == ""]
    notes = []
    for split, meaning, plural in (
        ("train", "cannot be learnt", "cannot be learnt"),
        ("test", "is not scored", "are not scored"),
    ):
        seen = set(usable.loc[usable["split"] == split, "label"])
        lost = sorted(set(usable["label"]) - seen)
        for label in lost[:NAMED_AT_MOST]:
            count = int((usable["label"] == label).sum())
            notes.append(f"Class {label!r} has no image in {split} (of {count}): it {meaning}.")
        if len(lost) > NAMED_AT_MOST:
            more = f"{len(lost) - NAMED_AT_MOST} more classes"
            if len(lost) == NAMED_AT_MOST + 1:
                notes.append(f"1 more class has no image in {split}: it {meaning}.")
            else:
                notes.append(f"{more} have no image in {split}: they {plural}.")
    if not (usable["split"] == "validation").any():
        notes.append(
            "There is no validation image: nothing tells whether fine-tuning helps, or how sure "
            "the network may be."
        )
    return notes
