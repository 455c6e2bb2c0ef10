"""Layout of a folder: the sub-folders that are classes, splits, or neither.

The decision is made by the contents and the names of the folders at each level. Where these are
evidence of two readings, none is taken: the error names both, and the setting that chooses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transferkit.data.sources.folder.class_folders import (
    OWN_SHARE,
    ClassFolder,
    Layout,
    Level,
    UnclearError,
    beside_classes,
    choose_classes,
    class_names,
)
from transferkit.data.sources.folder.excluded_folders import ExcludedFolders, exclude_folders
from transferkit.data.sources.folder.folder_names import WRAPPERS
from transferkit.data.sources.folder.nested_sets import are_parts, find_sets, without_wrappers
from transferkit.data.sources.folder.readings import several_sets, unclear
from transferkit.data.sources.folder.split_folders import (
    find_splits,
    hold_splits,
    read_inner_splits,
    read_named_splits,
    read_splits,
)
from transferkit.data.sources.folder.tree import Folder
from transferkit.data.sources.split_names import class_splits
from transferkit.data.sources.tfds.metadata import METADATA_FILE, read_about
from transferkit.errors import DataError
from transferkit.runtime.text import listed, many

# Of files beside images, those that are no list of labels, and those that rather are.
NO_LIST = re.compile(r"submi|mask|bbox|box|segment|test", re.IGNORECASE)
LIST = re.compile(r"train|label|class|metadata", re.IGNORECASE)


def read_layout(root: Folder, wanted: str = "auto") -> Layout:
    """Return the layout of `root`, as `wanted` (a choice of `--data.layout`) reads it.

    Folders that are no part of the set are taken out of the tree.

    Raises:
        DataError: there are two readings of it, or `wanted` is none.
    """
    aside = exclude_folders(root)

    def read(folder: Folder, choice: str) -> Layout:
        return _read(folder, choice, aside)

    try:
        layout = read(root, wanted)
    except UnclearError:
        raise unclear(root, without_wrappers(root), read) from None
    layout.notes += aside.notes([group.folder for group in layout.classes])
    return layout


def _read(root: Folder, wanted: str, aside: ExcludedFolders) -> Layout:
    """Return the layout of `root`, from which the folders `aside` were taken.

    Raises:
        DataError: `wanted` is no reading of it, or it holds several sets.
        UnclearError: there are two readings of it.
    """
    top = without_wrappers(root)
    about = read_about(top.path)
    if about and METADATA_FILE in top.files:
        top.files.remove(METADATA_FILE)
    if wanted == "classes":
        again = [folder for folder in aside.folders() if folder.path.parent == top.path]
        return _read_classes(
            top, sorted([*top.full, *again], key=lambda folder: folder.name), wanted
        )
    if about and wanted == "auto":  # a fetched set is written in one of two ways
        if "train" not in about["images"]:
            return _read_classes(top, top.full, "classes")
        wanted = "splits"
    splits = find_splits(top, forced=wanted == "splits")
    if splits and wanted != "parts":
        return read_splits(top, splits, "auto" if about else wanted)
    if wanted == "auto" and (sets := find_sets(top)):
        return _read_set(root, top, sets, aside)
    pairs = class_splits([folder.name for folder in top.full])
    if wanted in ("auto", "splits") and pairs and not any(folder.is_deep for folder in top.full):
        return read_named_splits(top, pairs)
    if wanted in ("auto", "splits") and hold_splits(top.full):
        return read_inner_splits(top, top.full)
    if wanted == "splits":
        raise DataError(
            f"No sub-folder of {str(root.path)!r} is named as a split, such as train, val and "
            "test: leave --data.layout out, or rename them."
        )
    if wanted == "parts" or (wanted == "auto" and are_parts(top.full)):
        return _read_parts(top)
    return _read_classes(top, top.full, wanted)


def _read_set(root: Folder, top: Folder, sets: Sequence[Folder], aside: ExcludedFolders) -> Layout:
    """Return the layout of the one set with splits in `top`, where the rest is beside it.

    Raises:
        DataError: there are several, or the rest may be one.
    """

    def read(folder: Folder, choice: str) -> Layout:
        return _read(folder, choice, aside)

    others = [folder for folder in top.full if folder not in sets]
    if len(sets) > 1:
        raise several_sets(root, top, sets, others, read)
    layout = read(sets[0], "auto")
    labels = set(layout.labels)
    shares_classes = any(labels & class_names(without_wrappers(other)) for other in others)
    # In W/W/train, and in data/train, what is flat beside the outer folder belongs to none.
    wraps = without_wrappers(sets[0]) is not sets[0] or sets[0].name.lower() in WRAPPERS
    rest = [other for other in others if other.is_deep and len(other.full) > 1]
    small = sum(other.total for other in (rest if wraps else others)) <= OWN_SHARE * top.total
    if shares_classes or not small:
        raise several_sets(root, top, sets, others, read)
    layout.notes += beside_classes(top, sets)
    return layout


def _read_parts(top: Folder) -> Layout:
    """Return the layout of `top`, whose sub-folders hold class folders of one set.

    Raises:
        DataError: they hold none.
    """
    layout = Layout(top)
    parts = [folder for folder in top.full if folder.full]
    if len(parts) < 2:
        raise DataError(
            f"The folders of {str(top.path)!r} do not hold class folders, as parts of a set do: "
            "leave --data.layout out."
        )
    for part in parts:
        layout.classes += [ClassFolder(folder.name, "", folder) for folder in part.full]
        layout.notes += beside_classes(part, part.full, f" in {part.name}/")
    names = listed([part.name for part in parts])
    layout.clauses = [f"{names} are parts of one set", many(len(layout.labels), "class")]
    layout.notes += beside_classes(top, parts)
    return layout


def _read_classes(top: Folder, candidates: Sequence[Folder], wanted: str) -> Layout:
    if wanted == "auto" and len(candidates) == 1 and candidates[0].name.lower() in WRAPPERS:
        require_class_folders(candidates[0], top)
    layout = Layout(top)
    layout.classes, within = choose_classes([Level(top, "", list(candidates))], wanted)
    first = [f"Each folder in {top.name}/ is a class"] if wanted != "nested" else []
    layout.clauses = [*first, many(len(layout.labels), "class"), *within]
    layout.notes += beside_classes(top, candidates)
    return layout


def require_class_folders(folder: Folder, top: Folder) -> None:
    """Raise an error for a folder of images without class folders.

    Raises:
        DataError: it holds images of its own alone.
    """
    if folder.is_deep:
        return
    raise DataError(flat_folder(folder, top))


def flat_folder(folder: Folder, top: Folder) -> str:
    """Return the sentence for images that are in no class folder, perhaps in a list beside them."""
    lists = [
        name for name in top.files if name.lower().endswith(".csv") and not NO_LIST.search(name)
    ]
    lists.sort(key=lambda name: not LIST.search(name))  # stable
    advice = "put the images of each class into a sub-folder with the class's name"
    if lists:
        advice += (
            f", or give a .csv file with the columns path,label in place of the folder (is it "
            f"{lists[0]!r}?)"
        )
    count = many(len(folder.files), "file")
    return f"The folder {str(folder.path)!r} holds {count} and no class folders: {advice}."
