"""Folders excluded before a layout is read: masks, copies of the set, unlabelled images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from transferkit.data.sources.folder.folder_names import (
    PROJECT,
    WRAPPERS,
    is_part,
    may_be_annotations,
    says_wearing,
)
from transferkit.data.sources.folder.tree import Folder
from transferkit.data.sources.split_names import UNLABELLED, named_splits, split_of
from transferkit.runtime.text import named

MAX_MASKS_PER_IMAGE = 2  # a folder of more files is not of masks of the images beside it


@dataclass
class ExcludedFolders:
    """Folders that are no part of a set, by the reason, below the folder `root`."""

    root: Folder
    masks: list[Folder] = field(default_factory=list)
    copies: list[Folder] = field(default_factory=list)
    unlabelled: list[Folder] = field(default_factory=list)
    project: list[Folder] = field(default_factory=list)

    def folders(self) -> list[Folder]:
        """Return all of them."""
        return [*self.masks, *self.copies, *self.unlabelled, *self.project]

    def notes(self, taken: Sequence[Folder]) -> list[str]:
        """Return a sentence for each reason; the folders `taken` are classes after all."""
        classes = {id(folder) for folder in taken}
        reasons = (
            ("Folders of masks or annotations beside images were left out", self.masks),
            ("Folders that hold the classes beside them again were left out", self.copies),
            ("Folders with images that have no class were left out", self.unlabelled),
            ("Folders beside the data were left out", self.project),
        )
        notes = []
        for sentence, folders in reasons:
            names = sorted(
                os.path.relpath(folder.path, self.root.path)
                for folder in folders
                if id(folder) not in classes
            )
            if names:
                notes.append(f"{sentence}: {named(names)}.")
        return notes


def exclude_folders(root: Folder) -> ExcludedFolders:
    """Take the folders that are no part of a set out of the tree `root`, and return them."""
    excluded = ExcludedFolders(root)
    pending, top = [root], True
    while pending:
        folder = pending.pop()
        _move(folder, _masks(folder), excluded.masks)
        _move(folder, _copies(folder), excluded.copies)
        if top:
            _move(folder, _unlabelled(folder), excluded.unlabelled)
            _move(folder, _project(folder), excluded.project)
        top = top and len(folder.full) == 1  # a single folder may wrap the classes
        pending += folder.folders
    _count(root)
    return excluded


def _move(folder: Folder, children: list[Folder], reason: list[Folder]) -> None:
    moved = {id(child) for child in children}
    folder.folders = [child for child in folder.folders if id(child) not in moved]
    reason += children


def _count(root: Folder) -> None:
    """Fill in how many files each folder holds, from those that are left in it."""
    for folder in reversed(list(root.walk())):  # `walk` yields a folder before those in it
        folder.total = folder.own + sum(child.total for child in folder.folders)


def _masks(folder: Folder) -> list[Folder]:
    """Return the folders of annotations of the images beside them.

    Beside flat classes such a folder is a class: `labels` beside `boxes` and `tape`.
    """
    masks = [child for child in folder.full if may_be_annotations(child.name)]
    if not masks or says_wearing([child.name for child in masks]):
        return []
    others = [child for child in folder.full if child not in masks]
    wrappers = [child for child in others if child.name.lower() in WRAPPERS]
    flat = [child for child in others if not child.is_deep and child not in wrappers]
    if flat:  # annotations/trimaps beside cat and dog
        return [child for child in masks if child.is_deep]
    count = sum(child.total for child in masks)
    return masks if others or count <= MAX_MASKS_PER_IMAGE * folder.own else []


def _copies(folder: Folder) -> list[Folder]:
    """Return the folders that hold the class folders beside them once more.

    A folder that is named as a split is one: test/ beside the classes.
    """
    names = {child.name for child in folder.full}
    copies = []
    for child in folder.full:
        inside = {grandchild.name for grandchild in child.full if not _is_generic(grandchild.name)}
        beside = {name for name in names - {child.name} if not _is_generic(name)}
        shared = inside & beside
        split = split_of(child.name)
        if len(shared) >= 2 and shared == inside and child.is_deep and split in (None, "train"):
            copies.append(child)
    whole = [child for child in folder.full if child not in copies]
    several = [child for child in copies if split_of(child.name) == "train"]
    if several and len(set(named_splits(names).values())) > 1:  # train/ and test/ are splits
        copies = [child for child in copies if child not in several]
    return copies if len(whole) >= 2 else []


def _is_generic(name: str) -> bool:
    return is_part(name) or name.lower() in WRAPPERS


def _unlabelled(folder: Folder) -> list[Folder]:
    """Return the flat folders beside class folders that are named as unlabelled."""
    rest = [child for child in folder.full if split_of(child.name) != UNLABELLED]
    if any(split_of(child.name) for child in rest):
        return []  # the splits have a line of their own
    if len(rest) < 2 and not any(child.is_deep for child in rest):
        return []
    return [child for child in folder.full if child not in rest and not child.is_deep]


def _project(folder: Folder) -> list[Folder]:
    """Return the folders of a project that are beside its data: docs, figs, results."""
    others = [child for child in folder.full if child.name.lower() in PROJECT]
    rest = [child for child in folder.full if child not in others]
    splits = {split for child in rest if (split := split_of(child.name)) and child.is_deep}
    data = [child for child in rest if child.is_deep and child.name.lower() in WRAPPERS]
    return others if data or len(splits) > 1 else []
