"""Names of folders that are no classes: of a system, of a part of a set, of a wrapper."""

from __future__ import annotations

import re
from collections.abc import Sequence

SYSTEM = {
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "picasa.ini",
    "icon\r",  # macOS: the icon of a folder
    "__macosx",
    "__pycache__",
    "mlruns",  # MLflow's own
    "@eadir",  # Synology: a thumbnail of every image
    "@tmp",
    "#recycle",
    "#snapshot",
    "@recycle",  # QNAP
    "@recently-snapshot",
    "@__thumb",
    "~snapshot",
    "$recycle.bin",  # Windows
    "system volume information",
    "lost+found",  # Linux
    "lost.dir",  # Android
    "network trash folder",  # macOS servers
    "temporary items",
}
SYSTEM_PATTERN = re.compile(r"found\.\d{3}|~\$.*")  # chkdsk; a document that is open in Office
RECYCLERS = {"RECYCLED", "RECYCLER"}  # older Windows, in upper case: `recycled` may be a class

# Folders that hold all images of the folder around them.
WRAPPERS = {"data", "dataset", "file", "files", "image", "images", "img", "imgs", "jpeg", "jpegs"}
WRAPPERS |= {"jpg", "jpgs", "original", "originals", "photo", "photos", "pic", "pics", "picture"}
WRAPPERS |= {"pictures", "png", "pngs", "raw", "rgb", "sample", "samples", "frames", "dcim"}
# Folders of images without a label.
NAMELESS = WRAPPERS | {"unknown", "unlabeled", "unlabelled", "none", "dummy", "all", "unclassified"}
NAMELESS |= {"0", "1"}  # a number where classes have words
# Last words of folders with annotations of images beside them: masks, lung_masks.
ANNOTATIONS = {"annotation", "annotations", "annots", "bboxes", "contours", "groundtruth", "gt"}
ANNOTATIONS |= {"label", "labels", "landmarks", "mask", "masks", "meta", "metadata", "trimaps"}
ANNOTATIONS |= {"segmentation", "segmentations", "xmls"}
ANNOTATION_PAIRS = {("ground", "truth"), ("bounding", "boxes")}
WEARING = {"with", "without", "no", "wearing", "correct", "incorrect"}  # classes of faces: no_mask
# Folders of a project that lie beside its data.
PROJECT = {"artifacts", "assets", "checkpoints", "demo", "doc", "docs", "fig", "figs", "figures"}
PROJECT |= {"logs", "models", "notebooks", "output", "outputs", "plots", "report", "reports"}
PROJECT |= {"results", "runs", "screenshots", "scripts", "src", "wandb", "weights"}

COUNTED = "batch camera cam chunk clip day disc fold group month part patient person roll run scene"
COUNTED += " seq sequence series session set shard shot split subject subset take video visit vol"
COUNTED += " volume week year sub folder"
MONTHS = "january february march april may june july august september october november december"
COUNTERS = {*COUNTED.split(), *MONTHS.split(), *(month[:3] for month in MONTHS.split())}
WORDNET = re.compile(r"n\d{8}")  # a class of ImageNet, however much it looks like a number
HEX = re.compile(r"(?=.*\d)[0-9a-f-]{8,}")  # a name that some program made up
WORD = re.compile(r"[a-z]+|\d+")


def is_system(name: str) -> bool:
    """Whether a file or folder called `name` is hidden, or some system's own."""
    lower = name.lower()
    if name.startswith(".") or name in RECYCLERS:
        return True
    return lower in SYSTEM or bool(SYSTEM_PATTERN.fullmatch(lower))


def is_part(name: str) -> bool:
    """Whether `name` counts parts of a set, such as `fold_0`, `session2` or `2020-01-31`."""
    words = WORD.findall(name.lower())
    numbers = [word for word in words if word.isdecimal()]
    if not numbers:
        return False
    if len(numbers) == len(words):  # a date, or the camera's: 2020, 20200131, 2020-01-31
        return len("".join(numbers)) >= 4
    return all(word in COUNTERS for word in words if not word.isdecimal())


def may_be_annotations(name: str) -> bool:
    """Whether `name` is that of masks, boxes or labels of the images beside it."""
    words = WORD.findall(name.lower())
    return bool(words) and (words[-1] in ANNOTATIONS or tuple(words[-2:]) in ANNOTATION_PAIRS)


def says_wearing(names: Sequence[str]) -> bool:
    """Whether one of `names` is about wearing something, as the class `without_mask` is."""
    return any(WEARING & set(WORD.findall(name.lower())) for name in names)


def is_nameless(name: str) -> bool:
    """Whether `name` is that of unlabelled images: `all_images`."""
    lower = name.lower()
    words = WORD.findall(lower)
    return lower in NAMELESS or (bool(words) and all(word in NAMELESS for word in words))


def is_harmless(name: str, parent: str) -> bool:
    """Whether a folder called `name` in the class folder `parent` is no class of its own.

    It counts or dates images (`part1`, `003`, `IMG_02`), wraps them (`images`), or has the words of
    its class alone (`cats_2`).
    """
    lower = name.lower()
    if lower in WRAPPERS or is_part(name) or HEX.fullmatch(lower):
        return True
    if WORDNET.match(lower):
        return False
    words, own = WORD.findall(lower), set(WORD.findall(parent.lower()))
    others = [word for word in words if not word.isdecimal() and word not in own]
    if not words or any(len(word) > 3 and word not in COUNTERS for word in others):
        return False
    return not others or any(map(str.isdecimal, words))  # letters count beside a number: s01, p3
