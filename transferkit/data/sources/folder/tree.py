"""Tree of a folder, walked once: files and sub-folders, and names that are left out."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transferkit.data.decoding.formats import EXTENSIONS
from transferkit.data.sources.folder.folder_names import is_system
from transferkit.errors import DataError
from transferkit.storage.run import START

# Text that programs leave beside images: boxes, captions, settings of a photograph.
ANNOTATION_EXTENSIONS = {".xml", ".txt", ".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".md"}
ANNOTATION_EXTENSIONS |= {".xmp", ".aae", ".pts"}
IMAGE_EXTENSIONS = set().union(*EXTENSIONS.values())
# Files of other kinds: a folder that holds nothing else is no folder of images.
OTHER_EXTENSIONS = {".7z", ".bin", ".bz2", ".c", ".cfg", ".cpp", ".css", ".db", ".doc", ".docx"}
OTHER_EXTENSIONS |= {
    ".gz",
    ".h",
    ".h5",
    ".hdf5",
    ".html",
    ".htm",
    ".ini",
    ".ipynb",
    ".js",
    ".keras",
}
OTHER_EXTENSIONS |= {".log", ".m", ".mat", ".mp3", ".mp4", ".avi", ".mov", ".npy", ".npz", ".onnx"}
OTHER_EXTENSIONS |= {
    ".parquet",
    ".pdf",
    ".pkl",
    ".pickle",
    ".pt",
    ".pth",
    ".py",
    ".pyc",
    ".r",
    ".rar",
}
OTHER_EXTENSIONS |= {".rst", ".sh", ".sqlite", ".tar", ".tex", ".tflite", ".tgz", ".toml", ".wav"}
OTHER_EXTENSIONS |= {".xls", ".xlsx", ".zip"}
HEAD = 512  # bytes of a file that tell text from an image
# Files that only this project's own folders have together: a run, a look, a learning curve.
OUTPUTS = (
    *({"config.yaml", name} for name in (*START[1:], "model.keras", "scores.json", "curve.json")),
    {"look.html", "findings.csv"},
    {"findings.csv", "contact-sheet-photo.png"},
)


@dataclass
class LeftOut:
    """Names that are left out while a folder is read."""

    hidden: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Folder:
    """A folder with its files and sub-folders, sorted by name.

    Attributes:
        own: number of files in it that may be images.
        total: number of such files in it and below.
        annotations: text files in it, beside images or not.
    """

    path: Path
    files: list[str] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)
    own: int = 0
    total: int = 0
    emptied: bool = False  # all of its contents are this project's own output

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name or os.path.basename(os.path.abspath(self.path))

    @property
    def full(self) -> list[Folder]:
        """The sub-folders with files that may be images."""
        return [folder for folder in self.folders if folder.total]

    @property
    def is_deep(self) -> bool:
        """Whether its images are in sub-folders: less than a tenth of them are its own."""
        return self.total > 10 * self.own

    def walk(self) -> Iterator[Folder]:
        """Yield the folder and all below it."""
        pending = [self]
        while pending:
            folder = pending.pop()
            yield folder
            pending += folder.folders

    def below(self) -> list[str]:
        """Return the paths of all files in it and below, sorted, without annotations of images."""
        no_images = not self.total
        files = []
        for folder in self.walk():
            skipped = () if no_images else set(folder.annotations)
            files += [str(folder.path / name) for name in folder.files if name not in skipped]
        return sorted(files)

    def has_image_endings(self) -> bool:
        """Whether a file in it or below has the ending of an image."""
        return any(
            os.path.splitext(name)[1].lower() in IMAGE_EXTENSIONS
            for folder in self.walk()
            for name in folder.files
        )


def read_tree(root: Path, left_out: LeftOut, *, sniff: bool = True) -> Folder:
    """Return the tree of `root`, through links; names that are left out are put in `left_out`.

    With `sniff`, files with the ending of an annotation are opened to see whether they are text.

    Raises:
        DataError: a folder cannot be opened.
    """
    tree = Folder(root)
    order, pending = [tree], [(tree, frozenset[tuple[int, int]]())]
    while pending:
        folder, above = pending.pop()
        identity = identity_of(folder.path)
        folders = _list(folder, left_out, sniff=sniff)
        if folder is not tree and is_output(folder.files):
            left_out.outputs.append(os.path.relpath(folder.path, root))
            folder.files, folder.annotations, folder.own, folder.emptied = [], [], 0, True
            continue
        inside = above | {identity}
        for child in folders:
            folder.folders.append(child)
            order.append(child)
            if identity_of(child.path) in inside:
                left_out.loops.append(child.name)
                continue
            pending.append((child, inside))
    for folder in reversed(order):  # children come after their parents
        seen = [child for child in folder.folders if not child.emptied]
        folder.emptied |= bool(folder.folders) and not seen and not folder.files
        folder.folders = seen
        folder.total = folder.own + sum(child.total for child in seen)
    return tree


def is_text(path: str | Path) -> bool:
    """Whether a file starts as text does, and not as an image, or is empty."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return False  # PPM, which begins as text
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16, as Windows writes it
        return True
    return not any(byte < 9 or 13 < byte < 32 for byte in head)


def _list(folder: Folder, left_out: LeftOut, *, sniff: bool) -> list[Folder]:
    """Fill in the files of `folder`; return its sub-folders, not yet read."""
    folders = []
    try:
        entries = sorted(os.scandir(folder.path), key=lambda entry: entry.name)
    except OSError as error:
        raise cannot_open(folder.path, error) from error
    for entry in entries:
        if is_system(entry.name):
            left_out.hidden.append(entry.name)
        elif is_folder(entry):
            folders.append(Folder(folder.path / entry.name))
        else:
            folder.files.append(entry.name)
            ending = os.path.splitext(entry.name)[1].lower()
            if (
                sniff
                and ending in ANNOTATION_EXTENSIONS
                and entry.is_file()
                and is_text(entry.path)
            ):
                folder.annotations.append(entry.name)
    other = sum(os.path.splitext(name)[1].lower() in OTHER_EXTENSIONS for name in folder.files)
    folder.own = len(folder.files) - len(folder.annotations) - (other if sniff else 0)
    return folders


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether `entry` is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def is_output(files: Collection[str]) -> bool:
    """Whether a folder with these `files` was written by this project."""
    return any(names <= set(files) for names in OUTPUTS)


def identity_of(folder: Path) -> tuple[int, int]:
    """Return the numbers of the device and of the file of `folder`.

    Raises:
        DataError: it cannot be opened.
    """
    try:
        status = folder.stat()
    except OSError as error:
        raise cannot_open(folder, error) from error
    return status.st_dev, status.st_ino


def cannot_open(folder: Path, error: OSError) -> DataError:
    """Return the error for a folder that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return DataError(
            f"There is no folder {str(folder)!r}: give one with one sub-folder per class."
        )
    return DataError(
        f"The folder {str(folder)!r} cannot be opened: {error.strerror}; give one that you may "
        "read, with one sub-folder per class."
    )
