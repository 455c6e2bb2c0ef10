"""Parts of sentences: lists of names and folders, numbers with their noun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

MAX_NAMES = 5  # names in one note; the rest is counted


def last_names(paths: Iterable[str]) -> list[str]:
    """Return the last folder and the name of each file: enough to find it."""
    return ["/".join(Path(path).parts[-2:]) for path in paths]


def named(names: Iterable[str]) -> str:
    """Return the first of `names`, and the number of others."""
    different = list(dict.fromkeys(names))
    shown = ", ".join(repr(name) for name in different[:MAX_NAMES])
    rest = len(different) - MAX_NAMES
    return f"{shown} and {rest} more" if rest > 0 else shown


def listed(names: Sequence[str]) -> str:
    """Return the folders `names` as `train/, val/ and test/`, the rest counted."""
    shown = [f"{name}/" for name in dict.fromkeys(names)]
    if len(shown) > MAX_NAMES:
        shown = [*shown[:MAX_NAMES], f"{len(shown) - MAX_NAMES} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def many(count: int, noun: str) -> str:
    """Return `count` with `noun`, in the plural where it is not 1."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
