"""Cells of a list that hold several labels, where an image should have one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

SEPARATORS = ("|", ";", ",", "/", "+", "&")
STRONG = ("|", ";")  # hardly ever within a name
BRACKETS = re.compile(r"\[.*\]|\{.*\}|\(.*,.*\)")  # a list as Python or JSON writes it
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
ALONE = re.compile(r"\[\s*(?:'([^',]+)'|\"([^\",]+)\"|([^\[\]{},'\"]+))\s*\]")  # a list of one


def several_labels(labels: Sequence[str]) -> dict[str, list[str]]:
    """Return the cells that hold several labels, with these labels.

    A separator may belong to a name, as in `apple/healthy`. It parts labels where these are labels
    of other images too, or stand first in one cell and later in another.
    """
    counts = Counter(labels)
    several: dict[str, list[str]] = {}
    for separator in SEPARATORS:
        cells = {
            label: [part.strip() for part in label.split(separator)]
            for label in counts
            if separator in label and not BRACKETS.fullmatch(label.strip())
        }
        for label, parts in _parted(cells, counts, strong=separator in STRONG).items():
            several.setdefault(label, parts)
    for label in counts:
        parts = _bracketed(label.strip(), counts)
        if parts:
            several[label] = parts
    return several


def without_brackets(label: str) -> str:
    """Return the label in a list of one, `['cat']`; any other as it is."""
    match = ALONE.fullmatch(label.strip())
    return next(part for part in match.groups() if part).strip() if match else label


def _parted(
    cells: dict[str, list[str]], counts: Counter[str], *, strong: bool
) -> dict[str, list[str]]:
    """Return those of `cells` whose parts are labels and no parts of a name."""
    cells = {label: parts for label, parts in cells.items() if len(set(parts)) > 1 and all(parts)}
    firsts = {parts[0] for parts in cells.values()}
    later = {part for parts in cells.values() for part in parts[1:]}
    used = Counter(part for parts in cells.values() for part in set(parts))
    mixed = bool(firsts & later)
    if strong:
        clear = mixed or any(part in counts for part in used)
        return cells if clear else {}
    return {
        label: parts
        for label, parts in cells.items()
        if all(part in counts or (mixed and used[part] > 1) for part in parts)
    }


def _bracketed(label: str, counts: Counter[str]) -> list[str]:
    """Return the parts of a list in brackets; none where it may be a name."""
    if not BRACKETS.fullmatch(label) or "," not in label:
        return []
    cells = [part.strip() for part in label[1:-1].split(",")]
    parts = [part.strip("'\"") for part in cells]
    clear = label[0] == "[" or all(
        QUOTED.fullmatch(cell) or part in counts for cell, part in zip(cells, parts, strict=True)
    )
    return parts if clear and all(parts) else []
