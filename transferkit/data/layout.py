"""How a folder is laid out: which of its sub-folders are classes, which splits, which neither.

The decision is made on what the folders at each level hold and how they are named. Where that is
evidence of two readings, none is taken: the error names both, and the setting that chooses.
"""

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
from transferkit.data.folder_names import WRAPPERS, is_part
from transferkit.data.folders import ABOUT, read_about
from transferkit.data.phrases import listed, many
from transferkit.data.split_folders import (
    MOST_WRAPPERS,
    find_splits,
    hold_splits,
    read_inner_splits,
    read_splits,
)
from transferkit.data.split_names import named_splits
from transferkit.data.tree import Folder
from transferkit.errors import DataError


def read_layout(root: Folder, wanted: str = "auto") -> Layout:
    """Return how `root` is laid out, or what `wanted` (a choice of `--data.layout`) makes of it.

    Raises:
        DataError: there are two readings of it, or `wanted` is none.
    """
    if wanted == "classes":
        return _read_classes(root, [each for each in root.folders if each.total], wanted)
    top = _without_wrappers(root)
    about = read_about(top.path)
    if about:
        top.files.remove(ABOUT)
    if about and wanted == "auto":  # a fetched set is written in one of two ways
        if "train" not in about["images"]:
            return _read_classes(top, top.full, "classes")
        wanted = "splits"
    splits = find_splits(top, forced=wanted == "splits")
    if splits and wanted != "parts":
        return read_splits(top, splits, "auto" if about else wanted)
    candidates = image_folders(top)
    if wanted in ("auto", "splits") and hold_splits(candidates):
        return read_inner_splits(top, candidates)
    if wanted == "splits":
        raise DataError(
            f"No sub-folder of {str(root.path)!r} is named as a split, such as train, val and "
            "test: leave --data.layout out, or rename them."
        )
    if wanted == "parts" or (wanted == "auto" and _are_parts(candidates)):
        return _read_parts(top, candidates)
    return _read_classes(top, candidates, wanted)


def _without_wrappers(root: Folder) -> Folder:
    """Return the folder that the classes or splits are in: `root`, or one that is alone in it."""
    top = root
    for _ in range(MOST_WRAPPERS):
        inside = image_folders(top)
        if read_about(top.path) or not top.is_deep or len(inside) != 1 or not _wraps(inside[0]):
            break
        top = inside[0]
    return top


def _wraps(folder: Folder) -> bool:
    """Whether a folder that is alone holds class folders, and is no class with parts, no split."""
    counted = all(is_part(child.name) for child in folder.full)
    return folder.is_deep and not counted and not named_splits([folder.name])


def _are_parts(candidates: Sequence[Folder]) -> bool:
    """Whether the folders count parts of a set, as fold_0 and fold_1 do, with the same classes."""
    if len(candidates) < 2 or not all(folder.is_deep for folder in candidates):
        return False
    return all(is_part(folder.name) for folder in candidates) and share_classes(candidates)


def _read_parts(top: Folder, candidates: Sequence[Folder]) -> Layout:
    layout = Layout(top)
    for part in candidates:
        classes = image_folders(part)
        layout.classes += [ClassFolder(each.name, "", each) for each in classes]
        layout.notes += beside_classes(part, classes, f" in {part.name}/")
    parts = listed([part.name for part in candidates])
    layout.clauses = [f"{parts} are parts of one set", many(len(layout.labels), "class")]
    layout.notes += beside_classes(top, candidates)
    return layout


def _read_classes(top: Folder, candidates: Sequence[Folder], wanted: str) -> Layout:
    if wanted == "auto" and len(candidates) == 1 and candidates[0].name.lower() in WRAPPERS:
        require_class_folders(candidates[0], top)
    layout = Layout(top)
    level = Level(top, "", list(candidates))
    layout.classes, within = choose_classes([level], wanted, source=str(top.path), flag="classes")
    first = [f"Each folder in {top.name}/ is a class"] if wanted != "nested" else []
    layout.clauses = [*first, many(len(layout.labels), "class"), *within]
    layout.notes += beside_classes(top, candidates)
    return layout


def require_class_folders(folder: Folder, top: Folder) -> None:
    """Refuse a folder of images whose class nothing tells.

    Raises:
        DataError: it holds images of its own alone.
    """
    if folder.is_deep:
        return
    raise DataError(flat_folder(folder, top))


def flat_folder(folder: Folder, top: Folder) -> str:
    """Return the sentence for images that are in no class folder, perhaps in a list beside them."""
    lists = [name for name in top.files if name.lower().endswith(".csv")]
    advice = "put the images of each class into a sub-folder with the class's name"
    if lists:
        advice += (
            f", or give a .csv file with the columns path,label in place of the folder (is it "
            f"{lists[0]!r}?)"
        )
    count = many(len(folder.files), "file")
    return f"The folder {str(folder.path)!r} holds {count} and no class folders: {advice}."
