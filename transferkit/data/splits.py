"""Train, validation and test splits: the source's own, completed by a stratified, seeded split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from transferkit.config.settings import DataConfig
from transferkit.data.decoding.formats import FORMATS
from transferkit.data.sources.class_names import unknown_classes
from transferkit.data.sources.csv.csv_file import SEVERAL
from transferkit.data.sources.split_names import SPLITS
from transferkit.errors import DataError
from transferkit.runtime.text import MAX_NAMES

# Where images are few, train is filled first, then test.
_ASSIGN_ORDER = ("train", "test", "validation")
_CLASS_WEIGHT = (1e6, 1.1, 1.0)  # of a class in each of them: no train is no class at all
Unit = Counter[str]  # images of each class among those that stay together


def split_groups(
    labels: Sequence[str], groups: Sequence[str], *, validation: float, test: float, seed: int
) -> np.ndarray:
    """One of `SPLITS` for each image, as an array of strings.

    Images with the same non-empty group stay together. Each class is shared out by itself, and is
    in every split that it could be in: with one group (or image) in train, with two in train and
    test, with more in all that are asked for. Where groups hold several classes, that is done as
    far as a search by single moves finds it. A share of 0 leaves a split empty.
    """
    owner, units = _join(labels, groups)
    shares = (1 - validation - test, test, validation)
    order = np.random.default_rng(seed).permutation(len(units)).tolist()
    chosen = _share_out(units, shares, order)
    _fill_gaps(units, chosen, shares)
    return np.array(_ASSIGN_ORDER)[np.array(chosen, int)[owner]]


def _join(labels: Sequence[str], groups: Sequence[str]) -> tuple[list[int], list[Unit]]:
    """`(images,)` the number of each image's unit, and the units."""
    keys = [("group", group) if group else ("image", i) for i, group in enumerate(groups)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    owner = [numbers[key] for key in keys]
    units: list[Unit] = [Counter() for _ in numbers]
    for number, label in zip(owner, labels, strict=True):
        units[number][label] += 1
    return owner, units


def _share_out(units: list[Unit], shares: Sequence[float], order: list[int]) -> list[int]:
    """Return the split of each unit: the one in which it fills most of the images still wanted.

    Units of rare classes choose first, large ones before small ones: late units can still fit, and
    early ones cannot spoil a class with few images.
    """
    totals: Counter[str] = Counter()
    for unit in units:
        totals.update(unit)
    wanted = [
        Counter({label: round(share * totals[label]) for label in totals}) for share in shares
    ]
    for label, total in totals.items():
        wanted[0][label] = total - wanted[1][label] - wanted[2][label]
    rarest = [min(totals[label] for label in unit) for unit in units]
    chosen = [0] * len(units)
    for number in sorted(order, key=lambda index: (rarest[index], -units[index].total())):
        unit = units[number]
        gains = [_gain(unit, missing, totals) for missing in wanted]
        splits = (split for split in range(3) if shares[split] > 0)
        chosen[number] = max(splits, key=gains.__getitem__)
        wanted[chosen[number]].subtract(unit)
    return chosen


def _gain(unit: Unit, wanted: Counter[str], totals: Counter[str]) -> float:
    """Return the images of the unit that are wanted, less those too many, as shares of a class."""
    return sum(
        (2 * max(0, min(count, wanted[label])) - count) / totals[label]
        for label, count in unit.items()
    )


def _fill_gaps(units: list[Unit], chosen: list[int], shares: Sequence[float]) -> None:
    """Move units, in place, while that brings classes into more of the splits asked for."""
    holders: dict[str, list[int]] = defaultdict(list)
    present: list[Counter[str]] = [Counter() for _ in _ASSIGN_ORDER]  # units with each class
    for number, unit in enumerate(units):
        present[chosen[number]].update(unit.keys())
        for label in unit:
            holders[label].append(number)

    def worth(number: int, to: int) -> float:
        here, there = present[chosen[number]], present[to]
        won = sum(_CLASS_WEIGHT[to] for label in units[number] if not there[label])
        return won - sum(
            _CLASS_WEIGHT[chosen[number]] for label in units[number] if here[label] == 1
        )

    moved = True
    while moved:
        moved = False
        for to in (split for split, share in enumerate(shares) if share > 0):
            for label in (name for name in holders if not present[to][name]):
                best = max(holders[label], key=lambda n: (worth(n, to), -units[n].total()))
                if worth(best, to) > 0:
                    present[chosen[best]].subtract(units[best].keys())
                    present[to].update(units[best].keys())
                    chosen[best], moved = to, True


def require_classes(frame: pd.DataFrame, name: str) -> None:
    """Raise an error unless at least two classes have readable images.

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
    """Fill in `split` for the usable rows, in place; return notes on changes to the source's own.

    Raises:
        DataError: some have a split and others none, none is in train, or no class of another
            split is in train.
    """
    good = frame["problem"] == ""
    frame.loc[~good, "split"] = ""
    own, notes = set(frame.loc[good, "split"]), []
    if "" in own and own != {""}:
        lost = frame.loc[good & (frame["split"] == ""), "path"].iloc[0]
        raise DataError(f"{lost!r} has no split and other images do: give one to all or to none.")
    if own == {"train"}:
        notes.append("Only train/ has images: they were split as a folder without splits is.")
        frame.loc[good, "split"], own = "", {""}
    if "train" not in own and own != {""}:
        raise DataError(
            f"Images are in the splits {', '.join(sorted(own))} and none is in train: "
            "put images to learn from there, give no splits, or have those of a folder taken for "
            "parts of one set, which is split anew, by --data.layout parts."
        )
    _require_known_classes(frame[good])
    if own == {"train", "validation"}:
        notes.append(
            "There is no test split, so the validation split is the test: nothing is chosen on it, "
            "and a new validation split was taken from train."
        )
        frame.loc[frame["split"] == "validation", "split"] = "test"
        own = {"train", "test"}
    if own == set(SPLITS):
        return notes
    pool = frame.index[good & frame["split"].isin(["", "train"])]
    rows = frame.loc[pool].sort_values("path")  # the order of a list decides nothing
    frame.loc[rows.index, "split"] = split_groups(
        rows["label"].tolist(),
        rows["group"].tolist(),
        validation=data.validation_split,
        test=data.test_split if own == {""} else 0.0,
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
    """Raise an error for a list without training images, such as one made by hand without splits.

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
    """Raise an error for a list without test images.

    Raises:
        DataError: no image is in test.
    """
    if (frame["split"] == "test").any():
        return
    raise DataError(
        f"No image of {name!r} can be kept for the test: no class has two that are not copies of "
        "each other or of one group; add images."
    )


def rare_classes(frame: pd.DataFrame) -> list[str]:
    """Return notes on classes without training or test images, and on missing validation images."""
    usable = frame[frame["problem"] == ""]
    notes = []
    for split, meaning, plural in (
        ("train", "cannot be learnt", "cannot be learnt"),
        ("test", "is not scored", "are not scored"),
    ):
        seen = set(usable.loc[usable["split"] == split, "label"])
        lost = sorted(set(usable["label"]) - seen)
        for label in lost[:MAX_NAMES]:
            count = int((usable["label"] == label).sum())
            notes.append(f"Class {label!r} has no image in {split} (of {count}): it {meaning}.")
        if len(lost) > MAX_NAMES:
            more = f"{len(lost) - MAX_NAMES} more classes"
            if len(lost) == MAX_NAMES + 1:
                notes.append(f"1 more class has no image in {split}: it {meaning}.")
            else:
                notes.append(f"{more} have no image in {split}: they {plural}.")
    if not (usable["split"] == "validation").any():
        notes.append(
            "There is no validation image: whether fine-tuning helps cannot be checked, and the "
            "probabilities are not calibrated."
        )
    return notes
