"""Possible readings of a folder, with the choices of `--data.layout` that take them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transferkit.data.sources.folder.class_folders import Layout, UnclearError, share_classes
from transferkit.data.sources.folder.folder_names import WRAPPERS
from transferkit.data.sources.folder.split_folders import find_splits, hold_splits
from transferkit.data.sources.folder.tree import Folder
from transferkit.errors import DataError
from transferkit.runtime.text import listed, many, named

Read = Callable[[Folder, str], Layout]
CHOICES = ("splits", "classes", "parts", "nested")
NUMBERS = {2: "two", 3: "three"}


@dataclass(frozen=True)
class Reading:
    """A choice of `--data.layout` and the labels that it gives."""

    choice: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        """The reading as part of a sentence."""
        count = many(len(self.labels), "class")
        return f"as {count}, {named(self.labels)} (--data.layout {self.choice})"


def usable_readings(root: Folder, top: Folder, read: Read) -> list[Reading]:
    """Return the readings of `root` by `read` that have several classes to learn from.

    They differ in their labels. Folders that are splits are not offered as classes, nor those that
    do not share their class folders as parts.
    """
    readings: list[Reading] = []
    for choice in CHOICES:
        if choice == "splits" and not _may_be_splits(top):
            continue
        if choice == "parts" and not share_classes(top.full):
            continue
        labels = _learnt(root, read, choice)
        others = {reading.labels for reading in readings}
        if choice == "classes" and any(reading.choice == "splits" for reading in readings):
            continue
        if len(labels) > 1 and labels not in others:
            readings.append(Reading(choice, labels))
    # Where the same folders are in all, each folder with images says no more than they do.
    if any(reading.choice == "parts" for reading in readings):
        readings = [reading for reading in readings if reading.choice != "nested"]
    return readings


def _may_be_splits(top: Folder) -> bool:
    try:
        return bool(find_splits(top)) or hold_splits(top.full)
    except DataError:  # train/ has no class folders
        return False


def _learnt(root: Folder, read: Read, choice: str) -> tuple[str, ...]:
    """Return the labels of the reading; none where it is an error, or nothing is learnt from."""
    try:
        layout = read(root, choice)
    except (DataError, UnclearError):
        return ()
    learnt = {group.label for group in layout.classes if group.split in ("", "train")}
    return tuple(layout.labels) if len(learnt) > 1 else ()


def unclear(root: Folder, top: Folder, read: Read) -> DataError:
    """Return the error for a folder with several readings, or none that is certain."""
    readings = usable_readings(root, top, read)
    subject = f"The folders of {str(top.path)!r}"
    if len(readings) > 1:
        ways = ", or ".join(map(str, readings))
        number = NUMBERS.get(len(readings), str(len(readings)))
        wrappers = [folder for folder in top.full if folder.name.lower() in WRAPPERS]
        inner = inner_folder(top, read, wrappers) if wrappers else ""
        instead = f", or give {inner!r} in place of the folder" if inner else ""
        return DataError(
            f"{subject} can be read in {number} ways: {ways}; "
            f"pass one of the {number} flags{instead}."
        )
    inner = inner_folder(top, read)
    advice = [f"give one of them in its place, such as {inner!r}"] if inner else []
    if readings:
        advice.append(f"pass --data.layout {readings[0].choice} for {_described(readings[0])}")
    if not advice:
        advice = ["put the images of each class into a folder with its name"]
    return DataError(f"{subject} are not clearly its classes: {', or '.join(advice)}.")


def several_sets(
    root: Folder, top: Folder, sets: Sequence[Folder], others: Sequence[Folder], read: Read
) -> DataError:
    """Return the error for a folder whose sub-folders `sets` have splits of their own."""
    names = [folder.name for folder in sets]
    has = "have splits of their own" if len(names) > 1 else "has splits of its own"
    beside = f", and {listed([folder.name for folder in others])} not" if others else ""
    inner = inner_folder(top, read, sets)
    advice = [f"give one folder in place of all, such as {inner!r}"] if inner else []
    readings = usable_readings(root, top, read)
    if readings:
        advice.append(f"pass --data.layout {readings[0].choice} for {_described(readings[0])}")
    if not advice:
        advice = ["put the classes to be learnt into one folder, with a sub-folder each"]
    return DataError(f"{listed(names)} in {str(top.path)!r} {has}{beside}: {', or '.join(advice)}.")


def inner_folder(top: Folder, read: Read, folders: Sequence[Folder] = ()) -> str:
    """Return the path of the first of `folders` in `top` that can be read by itself, or ""."""
    for folder in folders or top.full:
        if folder.is_deep and len(_learnt(folder, read, "auto")) > 1:
            return os.fspath(folder.path)
    return ""


def _described(reading: Reading) -> str:
    return f"{many(len(reading.labels), 'class')}, {named(reading.labels)}"
