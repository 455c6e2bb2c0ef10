"""Folders of files that only look like images, laid out as a line of text says."""

from __future__ import annotations

from pathlib import Path

from transferkit.data.sources.folder.image_folder import scan_folder

IMAGE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"


def make_world(root: Path, text: str) -> Path:
    """`root` with folders such as "train/cat:3 train/dog:2", so many images in each.

    A name without a number is a file of text; one that ends with a slash is an empty folder.
    """
    for item in text.split():
        name, _, count = item.partition(":")
        path = root / name
        is_folder = bool(count) or name.endswith("/")
        (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
        if not is_folder:
            path.write_text("words")
        for number in range(int(count or 0)):
            (path / f"{number}.jpg").write_bytes(IMAGE)
    return root


def read(folder, layout="auto"):
    """`{label or label@split: images}` of a folder, and the line that says how it was read."""
    scan = scan_folder(folder, layout)
    counts = {}
    for _, label, split in scan.rows:
        key = f"{label}@{split}" if split else label
        counts[key] = counts.get(key, 0) + 1
    return counts, scan.notes[0]


def parse(text):
    return {name: int(count) for name, count in (item.split(":") for item in text.split())}
