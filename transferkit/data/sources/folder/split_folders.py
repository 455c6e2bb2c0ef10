"""Folders that are splits, around the class folders or within them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.data.sources.folder.class_folders import (
    ClassFolder,
    Layout,
    Level,
    beside_classes,
    choose_classes,
    class_names,
    share_classes,
)
from transferkit.data.sources.folder.folder_names import is_nameless, is_part
from transferkit.data.sources.folder.tree import Folder
from transferkit.data.sources.split_names import UNLABELLED, named_splits
from transferkit.errors import DataError
from transferkit.runtime.text import listed, many, named

MAX_WRAPPERS = 20  # folders around the class folders; links could lead on for ever


def find_splits(top: Folder, *, forced: bool = False) -> dict[str, str]:
    """Return the sub-folders of `top` that are splits, by name; empty where they are not.

    A class may be called train (beside bus and car): then it holds no class folders, or is the
    only one with the name of a split among others.

    Raises:
        DataError: train/ is beside another split, and has no class folders.
    """
    splits = named_splits(folder.name for folder in top.folders)
    if forced:
        return splits
    by_name = {folder.name: folder for folder in top.folders}
    deep = [by_name[name] for name in splits if _holds_classes(by_name[name])]
    others = [folder for folder in top.full if folder.name not in splits]
    several = len(set(splits.values())) > 1
    trains = [by_name[name] for name, split in splits.items() if split == "train"]
    learnt = [folder for folder in trains if folder in deep]
    if learnt:
        alike = any(share_classes([learnt[0], other]) for other in others)
        return splits if several or alike or not others else {}
    flat = [folder for folder in trains if folder.total]
    if flat and several:
        raise DataError(_flat_train(top, flat[0], list(splits)))
    tested = {splits[folder.name] for folder in deep} - {UNLABELLED}
    if learnt_beside(top, splits):
        return splits
    return splits if len(tested) > 1 or (tested and not others) else {}


def learnt_beside(top: Folder, splits: dict[str, str]) -> list[Level]:
    """Return the class folders to learn from that are beside test/ or val/, with no train/.

    They are beside it in `top` itself, in parts of one set (fold_1, fold_2), or in one folder.
    """
    if "train" in splits.values():
        return []
    others = [folder for folder in top.full if folder.name not in splits]
    held = [folder for folder in top.full if folder.name in splits and class_names(folder)]
    if len(others) > 1 and not held:  # val/ and test/ say together that they are splits
        flat = {split for name, split in splits.items() if split != UNLABELLED}
        full = {folder.name for folder in top.full}
        several = len(flat) > 1 and full >= splits.keys()
        return [Level(top, "train", others)] if several else []
    if not held or not others:
        return []
    tested = set().union(*(class_names(folder) for folder in held))
    if len(tested & {folder.name for folder in others}) * 2 > len(tested):
        return [Level(top, "train", others)]
    parts = [part for folder in others for part in _parts(folder)]
    counted = all(is_part(part.name) and _holds_classes(part) for part in parts)
    if (counted or len(parts) == 1) and share_classes([*held, *parts]):
        return [Level(part, "train", part.full) for part in parts]
    return []


def _holds_classes(folder: Folder) -> bool:
    """Whether most of the images in `folder` are in folders within it."""
    return bool(folder.full) and folder.total > 2 * folder.own


def _flat_train(top: Folder, train: Folder, names: Sequence[str]) -> str:
    lists = [name for name in top.files if name.lower().endswith(".csv")]
    full = top.full
    flag = "; if these folders are the classes, pass --data.layout classes" if full[1:] else ""
    return (
        f"{listed(names)} in {str(top.path)!r} are named as splits, and {train.name}/ has no class "
        f"folders: put the images of each class into a sub-folder of it, or give a .csv file with "
        f"the columns path,label{f' (is it {lists[0]!r}?)' if lists else ''}{flag}."
    )


@dataclass
class _Split:
    """The levels of class folders in the folder of a split; none where it has no classes."""

    folder: Folder
    levels: list[Level]


def read_splits(top: Folder, splits: dict[str, str], wanted: str) -> Layout:
    """Return the layout of `top`, whose sub-folders `splits` are splits with class folders.

    Raises:
        DataError: train/ has no class folders.
        UnclearError: there are two readings of the class folders.
    """
    layout, beside = Layout(top), learnt_beside(top, splits)
    learnt = {folder.name for level in beside for folder in level.candidates}
    read = _split_levels(top, splits, learnt)
    levels = [*beside, *(level for split in read for level in split.levels)]
    if not any(level.split == "train" for level in levels):
        flat = [split.folder for split in read if splits[split.folder.name] == "train"]
        if flat and flat[0].total:
            raise DataError(_flat_train(top, flat[0], list(splits)))
    layout.classes, within = choose_classes(levels, "plain" if wanted == "splits" else wanted)
    names = [split.folder.name for split in read if split.levels]
    lost = [split.folder.name for split in read if not split.folder.total]
    layout.clauses = [
        *([f"{listed(names)} {'are splits' if len(names) > 1 else 'is a split'}"] if names else []),
        *(["class folders beside the splits are to learn from"] if beside else []),
        many(len(layout.labels), "class"),
        *within,
        *(
            _without_class(split.folder)
            for split in read
            if split.folder.total and not split.levels
        ),
        *([f"{listed(lost)} {'hold' if len(lost) > 1 else 'holds'} no images"] if lost else []),
    ]
    for split in sorted(read, key=lambda split: split.folder.name):
        for level in split.levels:
            where = f" in {os.path.relpath(level.folder.path, top.path)}/"
            where = f" in {split.folder.name}/" if len(split.levels) == 1 else where
            layout.notes += beside_classes(level.folder, level.candidates, where)
    taken = [level.folder.path for level in beside]
    taken += [group.folder.path for group in layout.classes]
    rest = [
        folder.name
        for folder in top.folders
        if folder.name not in splits and not any(path.is_relative_to(folder.path) for path in taken)
    ]
    layout.notes += _beside_splits(sorted([*rest, *top.files]))
    return layout


def _split_levels(top: Folder, splits: dict[str, str], learnt: set[str]) -> list[_Split]:
    """Return each folder of a split, train first; `learnt` are class folders beside them."""
    folders = [folder for folder in top.folders if folder.name in splits]
    folders.sort(key=lambda folder: splits[folder.name] != "train")  # stable
    read = []
    for folder in folders:
        split, around = splits[folder.name], _classes_folder(folder, learnt)
        levels = []
        if folder.total and around is not None and split != UNLABELLED:
            levels = [Level(part, split, part.full) for part in _parts(around)]
        if split == "train":
            learnt = learnt | {child.name for level in levels for child in level.candidates}
        read.append(_Split(folder, levels))
    return read


def _parts(folder: Folder) -> list[Folder]:
    """Return the parts of a set that `folder` holds (fold_1, fold_2), or the folder itself."""
    parts = folder.full
    counted = all(is_part(part.name) and _holds_classes(part) for part in parts)
    return parts if len(parts) > 1 and counted and share_classes(parts) else [folder]


def _beside_splits(names: Sequence[str]) -> list[str]:
    return [f"Beside the splits, these were left out: {named(names)}."] if names else []


def _classes_folder(folder: Folder, learnt: set[str]) -> Folder | None:
    """Return the folder that the class folders of a split are in; None where it has none.

    `learnt` are the classes of train: what is called as one of them wraps no others.
    """
    inner = folder
    for _ in range(MAX_WRAPPERS):
        if inner.total and not _holds_classes(inner):
            return None
        inside = inner.full
        if len(inside) != 1 or inside[0].name in learnt:
            break
        child = inside[0]
        if not child.is_deep:
            nameless = is_nameless(child.name) or bool(named_splits([child.name]))
            return None if nameless or child.name == folder.name else inner
        if all(is_part(grandchild.name) for grandchild in child.full):
            break
        inner = child
    return inner


def _without_class(folder: Folder) -> str:
    have, were = ("has", "was") if folder.total == 1 else ("have", "were")
    return f"{many(folder.total, 'file')} in {folder.name}/ {have} no class and {were} left out"


def read_named_splits(top: Folder, pairs: dict[str, tuple[str, str]]) -> Layout:
    """Return the layout of folders named by class and split: cat_train, cat_test and so on."""
    layout = Layout(top)
    layout.classes = [ClassFolder(*pairs[folder.name], folder) for folder in top.full]
    layout.clauses = [
        f"{listed([folder.name for folder in top.full])} are named by class and split",
        many(len(layout.labels), "class"),
    ]
    layout.notes = beside_classes(top, top.full)
    return layout


def hold_splits(classes: Sequence[Folder]) -> bool:
    """Whether class folders hold splits: cats/train and cats/test, dogs/train and dogs/test."""
    if not classes or not all(folder.is_deep for folder in classes):
        return False
    splits = [named_splits(child.name for child in folder.full) for folder in classes]
    different = {split for names in splits for split in names.values()} - {UNLABELLED}
    return all(splits) and len(different) > 1


def read_inner_splits(top: Folder, classes: Sequence[Folder]) -> Layout:
    """Return the layout of class folders that `hold_splits`."""
    layout, beside, names = Layout(top), [], set[str]()
    for folder in classes:
        splits = named_splits(child.name for child in folder.folders)
        for child in folder.folders:
            split = splits.get(child.name, UNLABELLED)
            if split == UNLABELLED:
                beside.append(f"{folder.name}/{child.name}")
            else:
                names.add(child.name)
                layout.classes.append(ClassFolder(folder.name, split, child))
        beside += [f"{folder.name}/{name}" for name in folder.files]
    layout.clauses = [
        f"{listed(sorted(names))} within the class folders are splits",
        many(len(layout.labels), "class"),
    ]
    layout.notes = [*_beside_splits(beside), *beside_classes(top, classes)]
    return layout
