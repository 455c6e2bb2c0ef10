"""Folders around a set: wrappers that hold nothing else, parts of one set, sets side by side."""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.data.sources.folder.class_folders import class_names, share_classes
from transferkit.data.sources.folder.folder_names import is_harmless, is_part
from transferkit.data.sources.folder.split_folders import MAX_WRAPPERS, find_splits
from transferkit.data.sources.folder.tree import Folder
from transferkit.data.sources.split_names import named_splits
from transferkit.data.sources.tfds.metadata import read_about
from transferkit.errors import DataError


def without_wrappers(root: Folder) -> Folder:
    """Return the folder that the classes or splits are in: `root`, or one that is alone in it."""
    top = root
    for _ in range(MAX_WRAPPERS):
        inside = top.full
        if read_about(top.path) or not top.is_deep or len(inside) != 1 or not _wraps(inside[0]):
            break
        top = inside[0]
    return top


def _wraps(folder: Folder) -> bool:
    """Whether a folder that is alone holds class folders, and is no class with parts, no split."""
    counted = all(is_part(child.name) and not child.is_deep for child in folder.full)
    return folder.is_deep and not counted and not named_splits([folder.name])


def are_parts(candidates: Sequence[Folder]) -> bool:
    """Whether the folders count parts of a set, as fold_0 and fold_1 do, with the same classes."""
    if len(candidates) < 2 or not all(folder.is_deep for folder in candidates):
        return False
    return all(is_part(folder.name) for folder in candidates) and share_classes(candidates)


def find_sets(top: Folder) -> list[Folder]:
    """Return the sub-folders of `top` that have splits of their own, with class folders in them.

    A class may have splits too: then those hold its images, or folders that say nothing of it.
    """
    return [folder for folder in top.full if folder.is_deep and _is_set(folder)]


def _is_set(folder: Folder) -> bool:
    inner = without_wrappers(folder)
    try:
        splits = find_splits(inner)
    except DataError:  # train/ has no class folders
        return False
    return any(
        child.is_deep and any(not is_harmless(name, folder.name) for name in class_names(child))
        for child in inner.full
        if child.name in splits
    )
