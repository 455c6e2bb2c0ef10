"""A folder of class folders, or of splits with class folders, as rows of path, label, split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.sources.folder.class_folders import ClassFolder
from transferkit.data.sources.folder.layout import flat_folder, read_layout
from transferkit.data.sources.folder.tree import Folder, LeftOut, read_tree
from transferkit.data.sources.tfds.metadata import about_notes, read_about
from transferkit.errors import DataError
from transferkit.runtime.text import many, named


@dataclass
class FolderScan:
    """Contents of a folder: one `(path, label, split)` per file, and notes on how it was read."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scan_folder(folder: Path, layout: str = "auto") -> FolderScan:
    """Read the names below `folder`; only annotations are opened, to see that they are text.

    The first note says how the folder was read, as `layout` (`--data.layout`) wants it.

    Raises:
        DataError: it is no folder, has no class folders with files in them, or can be read in two
            ways.
    """
    if os.path.isfile(folder):
        raise DataError(
            f"{str(folder)!r} is a file: give a folder with one sub-folder per class, or a .csv "
            "file with the columns path,label."
        )
    left_out = LeftOut()
    tree = read_tree(folder, left_out)
    if not tree.has_image_endings():  # then endings tell nothing: every file may be an image
        left_out = LeftOut()
        tree = read_tree(folder, left_out, sniff=False)
    if not tree.full:
        raise DataError(_why_nothing(tree))
    result = read_layout(tree, layout)
    about = read_about(result.top.path)
    names = about.get("classes", {})  # of classes whose name cannot be a folder's
    rows = [
        (path, names.get(group.label, group.label), group.split)
        for group in result.classes
        for path in group.files()
    ]
    notes = [result.line, *about_notes(about), *result.notes]
    return FolderScan(rows, [*notes, *_annotation_notes(result.classes), *left_out_notes(left_out)])


def left_out_notes(left_out: LeftOut) -> list[str]:
    """Return notes on files and folders that were left out, by kind."""
    notes = []
    if left_out.hidden:
        notes.append(f"Hidden and system files were left out: {named(left_out.hidden)}.")
    if left_out.loops:
        notes.append(f"Links to a folder around them were left out: {named(left_out.loops)}.")
    if left_out.outputs:
        notes.append(f"Folders that transferkit wrote were left out: {named(left_out.outputs)}.")
    return notes


def _annotation_notes(classes: Sequence[ClassFolder]) -> list[str]:
    endings = Counter(
        os.path.splitext(name)[1].lower()
        for class_folder in classes
        for folder in ([class_folder.folder] if class_folder.alone else class_folder.folder.walk())
        for name in folder.annotations
    )
    if not endings:
        return []
    count = endings.total()
    were = "was" if count == 1 else "were"
    kinds = ", ".join(sorted(endings))
    return [f"{many(count, 'annotation file')} beside images {were} left out ({kinds})."]


def _why_nothing(tree: Folder) -> str:
    if not tree.files and not tree.folders:
        return f"The folder {str(tree.path)!r} is empty: put one sub-folder per class into it."
    if tree.own or not tree.folders:
        return flat_folder(tree, tree)
    return f"The class folders of {str(tree.path)!r} hold no files: put the images of each into it."
