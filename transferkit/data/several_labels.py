"""Cells of a list that hold several labels, where an image should have one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

SEPARATORS = ("|", ";", ",", "/", "+", "&")
BRACKETS = re.compile(r"[\[({](.*,.*)[\])}]")  # a list as Python or JSON writes it


def several_labels(labels: Sequence[str]) -> dict[str, list[str]]:
    """Return the labels that are several in one cell, with their parts.

    A separator may belong to a name: it is one where each part is a label of another image too.
    """
    counts = Counter(labels)
    several: dict[str, list[str]] = {}
    for separator in SEPARATORS:
        parts = {
            label: [part.strip() for part in label.split(separator)]
            for label in counts
            if separator in label and not BRACKETS.fullmatch(label.strip())
        }
        used = Counter(part for each in parts.values() for part in set(each))
        for label, each in parts.items():
            known = all(part and (part in counts or used[part] > 1) for part in each)
            if known and len(set(each)) > 1:
                several.setdefault(label, each)
    for label in counts:
        listed = BRACKETS.fullmatch(label.strip())
        if listed:
            several[label] = [part.strip(" '\"") for part in listed[1].split(",")]
    return several
