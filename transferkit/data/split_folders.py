"""Folders that are splits, around the class folders or within them, and what is in each."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.data.class_folders import (
    ClassFolder,
    Layout,
    Level,
    beside_classes,
    choose_classes,
    image_folders,
    share_classes,
)
from transferkit.data.folder_names import NAMELESS, is_part
from transferkit.data.phrases import listed, many, named
from transferkit.data.split_names import UNLABELLED, named_splits
from transferkit.data.tree import Folder
from transferkit.errors import DataError

MOST_WRAPPERS = 20  # folders around the class folders; links could lead on for ever


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
    others = [folder for folder in image_folders(top) if folder.name not in splits]
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
    return splits if len(tested) > 1 or (tested and not others) else {}


def _holds_classes(folder: Folder) -> bool:
    """Whether most of the images in `folder` are in folders within it."""
    return bool(folder.full) and folder.total > 2 * folder.own


def _flat_train(top: Folder, train: Folder, names: Sequence[str]) -> str:
    lists = [name for name in top.files if name.lower().endswith(".csv")]
    return (
        f"{listed(names)} in {str(top.path)!r} are named as splits, and {train.name}/ has no class "
        f"folders: put the images of each class into a sub-folder of it, or give a .csv file with "
        f"the columns path,label{f' (is it {lists[0]!r}?)' if lists else ''}; if these folders are "
        "the classes, pass --data.layout classes."
    )


def read_splits(top: Folder, splits: dict[str, str], wanted: str) -> Layout:
    """Return the layout of `top`, whose sub-folders `splits` are splits with class folders.

    Raises:
        DataError: there are two readings of the class folders.
    """
    layout = Layout(top)
    folders = [folder for folder in top.folders if folder.name in splits]
    folders.sort(key=lambda folder: splits[folder.name] != "train")  # stable
    levels: list[Level] = []
    used, empty, unlabelled = [], [], []
    learnt: set[str] = set()
    for folder in folders:
        split, place = splits[folder.name], _place_of_classes(folder, learnt)
        if not folder.total:
            empty.append(folder)
        elif place is None or split == UNLABELLED:
            unlabelled.append(folder)
        else:
            used.append(folder)
            levels.append(Level(place, split, image_folders(place)))
        if split == "train" and place is not None:
            learnt |= {child.name for child in place.full}
    if not any(level.split == "train" for level in levels):
        flat = [folder for folder in unlabelled if splits[folder.name] == "train"]
        if flat:
            raise DataError(_flat_train(top, flat[0], list(splits)))
    wanted = "plain" if wanted == "splits" else wanted
    layout.classes, within = choose_classes(levels, wanted, source=str(top.path), flag="splits")
    names, lost = [each.name for each in used], [each.name for each in empty]
    layout.clauses = [
        f"{listed(names)} {'are splits' if len(names) > 1 else 'is a split'}",
        many(len(layout.labels), "class"),
        *within,
        *(_without_class(folder) for folder in unlabelled),
        *([f"{listed(lost)} {'hold' if len(lost) > 1 else 'holds'} no images"] if lost else []),
    ]
    for folder, level in sorted(zip(used, levels, strict=True), key=lambda pair: pair[0].name):
        layout.notes += beside_classes(level.place, level.candidates, f" in {folder.name}/")
    beside = [folder.name for folder in top.folders if folder.name not in splits]
    layout.notes += _beside_splits(sorted([*beside, *top.files]))
    return layout


def _beside_splits(names: Sequence[str]) -> list[str]:
    return [f"Beside the splits, these were left out: {named(names)}."] if names else []


def _place_of_classes(folder: Folder, learnt: set[str]) -> Folder | None:
    """Return the folder that the class folders of a split are in; None where it has none.

    `learnt` are the classes of train: what is called as one of them wraps no others.
    """
    place = folder
    for _ in range(MOST_WRAPPERS):
        if place.total and not _holds_classes(place):
            return None
        inside = image_folders(place)
        if len(inside) != 1 or inside[0].name in learnt:
            break
        child = inside[0]
        if not child.is_deep:
            nameless = child.name.lower() in NAMELESS or bool(named_splits([child.name]))
            return None if nameless or child.name == folder.name else place
        if all(is_part(grandchild.name) for grandchild in child.full):
            break
        place = child
    return place


def _without_class(folder: Folder) -> str:
    have, were = ("has", "was") if folder.total == 1 else ("have", "were")
    return f"{many(folder.total, 'file')} in {folder.name}/ {have} no class and {were} left out"


def hold_splits(classes: Sequence[Folder]) -> bool:
    """Whether class folders hold splits: cats/train and cats/test, dogs/train and dogs/test."""
    if not classes or not all(folder.is_deep for folder in classes):
        return False
    splits = [named_splits(child.name for child in folder.full) for folder in classes]
    different = {split for each in splits for split in each.values()} - {UNLABELLED}
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
