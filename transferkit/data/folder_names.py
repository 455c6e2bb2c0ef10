"""Names that tell what a folder is for, where it is no class: a system's, a part, a wrapper."""

from __future__ import annotations

import re

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
    "recycler",
    "recycled",
    "system volume information",
    "lost+found",  # Linux
    "lost.dir",  # Android
    "network trash folder",  # macOS servers
    "temporary items",
}
SYSTEM_PATTERN = re.compile(r"found\.\d{3}|~\$.*")  # chkdsk; a document that is open in Office

# Folders that hold the images of whatever they are in.
WRAPPERS = {"data", "dataset", "file", "files", "image", "images", "img", "imgs", "jpeg", "jpegs"}
WRAPPERS |= {"jpg", "jpgs", "original", "originals", "photo", "photos", "pic", "pics", "picture"}
WRAPPERS |= {"pictures", "png", "pngs", "raw", "rgb", "sample", "samples", "frames", "dcim"}
# Folders of images of which nobody says what they show.
NAMELESS = WRAPPERS | {"unknown", "unlabeled", "unlabelled", "none", "dummy", "all", "unclassified"}
# Folders that say something of images that lie elsewhere.
ANNOTATIONS = {"annotation", "annotations", "bounding_boxes", "bboxes", "ground_truth", "labels"}
ANNOTATIONS |= {"groundtruth", "landmarks", "metadata", "segmentations", "trimaps", "xmls"}
MASKS = {"mask", "masks", "gt", "label", "meta", "segmentation"}  # beside a folder `images` alone

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
    return name.startswith(".") or lower in SYSTEM or bool(SYSTEM_PATTERN.fullmatch(lower))


def is_part(name: str) -> bool:
    """Whether `name` counts parts of a set, such as `fold_0`, `session2` or `2020-01-31`."""
    words = WORD.findall(name.lower())
    numbers = [word for word in words if word.isdecimal()]
    if not numbers:
        return False
    if len(numbers) == len(words):  # a date, or the camera's: 2020, 20200131, 2020-01-31
        return len("".join(numbers)) >= 4
    return all(word in COUNTERS for word in words if not word.isdecimal())


def is_harmless(name: str, parent: str) -> bool:
    """Whether a folder called `name` in the class folder `parent` says nothing of the class.

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
