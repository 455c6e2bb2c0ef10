"""Groups by a regular expression on the paths: frames of a film, pictures of one person."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from transferkit.errors import DataError

SEPARATOR = "/"  # between the capture groups of a pattern: no file name has it


def group_by(frame: pd.DataFrame, source: str, pattern: str) -> list[str]:
    """Give the rows of `frame`, in place, their groups by `pattern`; return a note on them.

    The pattern is searched in each path below `source` (`paths_below`). Its capture groups, joined,
    are the group, or the whole match where it has none; a path that it does not match is in no
    group. Groups that were there stay together too, and keep their names.

    Raises:
        DataError: the pattern matches no path.
    """
    if not pattern or frame.empty:
        return []
    paths = paths_below(source, frame["path"].tolist())
    names = groups_of(paths, pattern)
    groups, alone = len(set(names) - {""}), names.count("")
    if groups == 0:
        raise DataError(
            f"The pattern {pattern!r} of --data.group-by gives none of {len(paths)} files a group: "
            f"it is searched in paths such as {paths[0]!r}; change it, or leave it out."
        )
    frame["group"] = pd.Series(
        merge_groups(frame["group"].tolist(), names), frame.index, dtype=object
    )
    rest = f", and {alone} in none" if alone else ""
    word = "group" if groups == 1 else "groups"
    return [
        f"By the pattern {pattern!r} of --data.group-by, {len(names) - alone} of {len(names)} "
        f"files are in {groups} {word}{rest}."
    ]


def paths_below(source: str, paths: Sequence[str]) -> list[str]:
    """Return `paths` relative to the folder `source`, or to that of the list, as POSIX text.

    Where some are elsewhere (a list may name any file), relative to their deepest common folder.
    """
    root = Path(source).absolute()
    base = root if root.is_dir() else root.parent
    if not all(Path(path).is_relative_to(base) for path in paths):
        base = Path(os.path.commonpath([os.path.dirname(path) for path in paths]))
    return [Path(path).relative_to(base).as_posix() for path in paths]


def groups_of(paths: Sequence[str], pattern: str) -> list[str]:
    """Return the group of each of `paths` by `pattern`; empty where it does not match."""
    search = re.compile(pattern).search
    return [_name(search(path)) for path in paths]


def merge_groups(own: Sequence[str], more: Sequence[str]) -> list[str]:
    """Merge two lists of groups: groups that share an image become one.

    A merged group has its first name in `own`, else the first in `more`; a name that another group
    has already gets a number.
    """
    rows = np.arange(len(own))
    firsts: dict[tuple[int, str], int] = {}
    joins = [
        firsts.setdefault((which, name), row) if name else row
        for which, names in enumerate((own, more))
        for row, name in enumerate(names)
    ]
    edges = coo_array((np.ones(2 * len(rows)), (np.tile(rows, 2), joins)), (len(rows), len(rows)))
    sets = connected_components(edges, directed=False)[1]
    best: dict[int, tuple[bool, str]] = {}
    for number, own_name, other_name in zip(sets.tolist(), own, more, strict=True):
        options = [(which, name) for which, name in ((False, own_name), (True, other_name)) if name]
        if options:
            best[number] = min([*options, *([best[number]] if number in best else [])])
    names = _different(best)
    return [names.get(number, "") for number in sets.tolist()]


def _name(match: re.Match[str] | None) -> str:
    """Return the capture groups of a match, joined, or all of it; empty where these are."""
    parts = (match.groups() or (match[0],)) if match else ()
    return SEPARATOR.join(part or "" for part in parts) if any(parts) else ""


def _different(best: dict[int, tuple[bool, str]]) -> dict[int, str]:
    """Return a name for each set, the given ones first, none of them twice."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number, (_, name) in sorted(best.items(), key=lambda item: (item[1], item[0])):
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name} ({count})"
        taken.add(unique)
        names[number] = unique
    return names
