"""Class folders: those at the top, or every folder that has files of its own."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from transferkit.data.sources.folder.folder_names import WRAPPERS, is_harmless, is_part
from transferkit.data.sources.folder.tree import Folder
from transferkit.runtime.text import named

OWN_SHARE = 0.1  # of all images, in class folders with files of their own, for others to follow


class UnclearError(Exception):
    """Folders within the candidates may be the classes."""


@dataclass(frozen=True)
class ClassFolder:
    """A folder whose images are of the class `label` and in `split`.

    Attributes:
        alone: its own files are meant, and not those below it.
    """

    label: str
    split: str
    folder: Folder
    alone: bool = False

    def files(self) -> list[str]:
        """Return the path of each file, sorted."""
        if not self.alone:
            return self.folder.below()
        skipped = set(self.folder.annotations)
        return [str(self.folder.path / name) for name in self.folder.files if name not in skipped]


@dataclass(frozen=True)
class Level:
    """A folder, its split, and those of its sub-folders that may be classes."""

    folder: Folder
    split: str
    candidates: list[Folder]


@dataclass
class Layout:
    """The class folders of a source, and the sentences that say how it was read.

    Attributes:
        top: the folder that the classes or the splits are in.
        classes: the class folders, each with its label and its split.
        clauses: parts of one sentence on how the folder was read.
        notes: sentences on files and folders that were left out.
    """

    top: Folder
    classes: list[ClassFolder] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """One sentence on how the folder was read."""
        return "; ".join(self.clauses) + "."

    @property
    def labels(self) -> list[str]:
        """The labels of the class folders, sorted."""
        return sorted({folder.label for folder in self.classes})


def beside_classes(around: Folder, classes: Sequence[Folder], where: str = "") -> list[str]:
    """Return notes on the contents of `around` beside the folders `classes`."""
    taken = {id(folder) for folder in classes}
    others = [folder for folder in around.folders if id(folder) not in taken]
    empty = [folder.name for folder in others if not any(child.files for child in folder.walk())]
    rest = [folder.name for folder in others if folder.name not in empty]
    notes = []
    if empty:
        notes.append(f"Empty classes{where} were left out: {named(empty)}.")
    if rest:
        notes.append(f"Folders that are no classes{where} were left out: {named(rest)}.")
    if around.files:
        notes.append(
            f"Files outside the class folders{where} were left out: {named(around.files)}."
        )
    return notes


def class_names(folder: Folder) -> set[str]:
    """Return the names of the sub-folders with images, without parts of a set and wrappers."""
    names = (child.name for child in folder.full)
    return {name for name in names if not is_part(name) and name.lower() not in WRAPPERS}


def share_classes(folders: Sequence[Folder]) -> bool:
    """Whether most of what lies in the folders lies in the others too, by its name."""
    sets = [class_names(folder) for folder in folders]
    together = set().union(*sets)
    return sum(map(len, sets)) * 2 > len(together) * len(sets) if together else False


def choose_classes(levels: Sequence[Level], wanted: str) -> tuple[list[ClassFolder], list[str]]:
    """Return the class folders of all `levels`, and a clause on folders within them.

    Raises:
        UnclearError: `wanted` is auto, and the folders within the candidates may be the classes.
    """
    if wanted == "nested":
        return nested_classes(levels), ["each folder with images of its own is a class"]
    if wanted == "auto" and not _are_classes(levels):
        raise UnclearError
    classes = [
        ClassFolder(folder.name, level.split, folder)
        for level in levels
        for folder in level.candidates
    ]
    within = [
        f"{folder.name}/{child.name}"
        for level in levels
        for folder in level.candidates
        for child in folder.full
    ]
    if not within:
        return classes, []
    return classes, [f"folders within a class belong to it: {named(within)}"]


def nested_classes(levels: Sequence[Level]) -> list[ClassFolder]:
    """Return a class for each folder with images of its own, called by its path.

    Folders that say nothing of the class (`images`, `part1`) are part of the one around them,
    unless they are all that there is.
    """
    classes = [
        ClassFolder(label, level.split, folder, alone=True)
        for level in levels
        for label, folder in _leaves(level, harmless=True)
    ]
    if len({folder.label for folder in classes}) > len(_tops(levels)):
        return classes
    return [
        ClassFolder(label, level.split, folder, alone=True)
        for level in levels
        for label, folder in _leaves(level, harmless=False)
    ]


def _leaves(level: Level, *, harmless: bool) -> list[tuple[str, Folder]]:
    """Return each folder with images of its own, with the label that its path makes."""
    leaves = []
    for candidate in level.candidates:
        for folder in candidate.walk():
            if not folder.own:
                continue
            parts = os.path.relpath(folder.path, level.folder.path).split(os.sep)
            telling = [
                name
                for around, name in pairwise(parts)
                if not (harmless and is_harmless(name, around))
            ]
            leaves.append(("/".join([parts[0], *telling]), folder))
    return sorted(leaves, key=lambda leaf: leaf[0])


def _tops(levels: Sequence[Level]) -> dict[str, list[Folder]]:
    """Return the candidates by their name, over all levels."""
    tops: dict[str, list[Folder]] = defaultdict(list)
    for level in levels:
        for folder in level.candidates:
            tops[folder.name].append(folder)
    return tops


def _wraps_classes(level: Level) -> bool:
    """Whether a candidate is called as a folder around classes is (`data`), and holds some."""
    return len(level.candidates) > 1 and any(
        folder.is_deep and folder.name.lower() in WRAPPERS and len(class_names(folder)) > 1
        for folder in level.candidates
    )


def _are_classes(levels: Sequence[Level]) -> bool:
    """Whether the candidates are the classes, whatever folders they hold.

    They are where those make no difference, or where as many have images of their own as not.
    """
    if any(_wraps_classes(level) for level in levels):
        return False
    labels = {label for level in levels for label, _ in _leaves(level, harmless=True)}
    counts = Counter(label.split("/")[0] for label in labels)
    if all(count == 1 for count in counts.values()):
        return True
    tops = _tops(levels)
    images = {name: sum(folder.total for folder in same) for name, same in tops.items()}
    own = [name for name, same in tops.items() if not all(folder.is_deep for folder in same)]
    enough = sum(images[name] for name in own) >= OWN_SHARE * sum(images.values())
    return 2 * len(own) >= len(tops) and enough
