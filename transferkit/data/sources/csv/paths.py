"""Paths of a list that are no files: the error, and the repair that would find them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from transferkit.errors import DataError

SAMPLE = 20  # missing paths that a repair is tried on
MAX_FOLDERS = 100  # sub-folders of one that are searched
PARENTS = 3  # folders above the list: a manifest is in runs/NAME
Texts = Callable[[str], str]

# By the words for it in a sentence.
CLEANINGS: tuple[tuple[str, Texts], ...] = (
    ("", lambda text: text),
    ("without the spaces around them", lambda text: text.strip()),
    ("with / in place of \\", lambda text: text.strip().replace("\\", "/")),
    ("with %XX decoded", lambda text: unquote(text.strip())),
)


@dataclass(frozen=True)
class Repair:
    """A way from a written path to a file that exists.

    Attributes:
        cleaning: the row of `CLEANINGS`.
        base: the folder that the path starts at.
        dropped: how many of its first parts are left out.
        match: how the name of the file differs from the path: same, ending, case or form.
    """

    cleaning: int
    base: Path
    dropped: int
    match: str

    def apply(self, text: str) -> Path | None:
        """Return the file that `text` leads to by this repair; None where there is none."""
        parts = _parts(CLEANINGS[self.cleaning][1](text))
        if self.dropped >= len(parts):
            return None
        path = self.base.joinpath(*parts[self.dropped :])
        return next((file for match, file in _matches(path) if match == self.match), None)


def check_paths(written: Sequence[str], paths: Sequence[str], source: Path) -> list[str]:
    """Return a sentence where some of `paths` are not there and a repair of them would be.

    Args:
        written: the paths as they stand in the list.
        paths: the same, absolute.
        source: the list.

    Raises:
        DataError: none of them is there.
    """
    lost = [text for text, path in zip(written, paths, strict=True) if not os.path.lexists(path)]
    if not lost:
        return []
    repair = find_repair(lost, source.parent)
    advice = _advice(lost[0], repair, source.parent) if repair else ""
    if len(lost) < len(paths):
        count = f"{len(lost)} of {len(paths)} paths of {str(source)!r} are no files"
        return [f"{count}, such as {lost[0]!r}: {advice}."] if advice else []
    where = str(source.parent.absolute())
    subject = f"None of the {len(paths)} paths of {str(source)!r} is a file; the first is"
    if len(paths) == 1:
        subject = f"The one path of {str(source)!r} is no file: it is"
    raise DataError(
        f"{subject} {lost[0]!r}, and paths start at the folder of the list, {where!r}: "
        f"{advice or 'correct the column path, or move the list to where its paths start'}."
    )


def find_repair(lost: Sequence[str], folder: Path) -> Repair | None:
    """Return the least repair that finds most of the paths `lost` of a list in `folder`.

    In folders above the list, a file is found by its folder and its name alone: there may be any
    number of files called 1.jpg.
    """
    step = max(1, len(lost) // SAMPLE)
    sample = lost[::step][:SAMPLE]
    for repair in _repairs(sample[0], folder):
        if 2 * sum(repair.apply(text) is not None for text in sample) > len(sample):
            return repair
    return None


def _repairs(text: str, folder: Path) -> Iterator[Repair]:
    """Yield the repairs that find a file for `text`."""
    cleaned = [clean(text) for _, clean in CLEANINGS]
    numbers = [number for number, other in enumerate(cleaned) if other not in cleaned[:number]]
    for base, levels_up in _bases(folder).items():
        hits = [
            Repair(number, base, dropped, match)
            for number in numbers
            for parts in [_parts(cleaned[number])]
            for dropped in range(len(parts))
            if _is_specific(len(parts) - dropped, dropped, levels_up)
            for match, _ in _matches(base.joinpath(*parts[dropped:]))
        ]
        yield from sorted(hits, key=lambda repair: repair.match != "same")  # stable


def _parts(text: str) -> list[str]:
    return [part for part in text.split("/") if part not in ("", ".")]


def _is_specific(retained: int, dropped: int, levels_up: int) -> bool:
    """Whether so many parts of a path tell a file in a folder so far above the list."""
    return not levels_up or retained > 1 or (levels_up == 1 and not dropped)


def _bases(folder: Path) -> dict[Path, int]:
    """Return folders that the paths of a list in `folder` may start at, the nearest first.

    With each, how many levels above the list it is: 0 also for the working folder; a sub-folder
    has the level of its folder. Sub-folders of folders above the parent are left out.
    """
    folder = folder.absolute()
    bases = {folder: 0, Path.cwd(): 0}
    for levels_up, parent in enumerate(list(folder.parents)[:PARENTS], 1):
        bases.setdefault(parent, levels_up)
    for base, levels_up in list(bases.items()):
        if levels_up <= 1:
            for name in _folders(base):
                bases.setdefault(base / name, levels_up)
    return bases


def _folders(base: Path) -> list[str]:
    names = [name for name in _names(str(base)) if not name.startswith(".")]
    return [name for name in names[:MAX_FOLDERS] if os.path.isdir(base / name)]


@cache
def _names(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(os.listdir(folder)))
    except OSError:
        return ()


def _matches(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that `path` may mean, with how their names differ from it."""
    if os.path.isfile(path):
        yield "same", path
        return
    wanted, folder = path.name, str(path.parent)
    names = _names(folder)
    form = unicodedata.normalize("NFC", wanted)
    for match, test in (
        ("form", lambda name: unicodedata.normalize("NFC", name) == form),
        ("case", lambda name: name.casefold() == wanted.casefold()),
        ("ending", lambda name: os.path.splitext(name)[0] == wanted),
        ("other ending", lambda name: os.path.splitext(name)[0] == os.path.splitext(wanted)[0]),
    ):
        similar = [name for name in names if test(name)]
        if similar:
            yield match, path.parent / similar[0]
            return


def _advice(text: str, repair: Repair, folder: Path) -> str:
    """Return how `text` would have to be written, as the end of a sentence."""
    path = repair.apply(text)
    assert path is not None  # the repair was made for it, or for one like it
    parts = _parts(CLEANINGS[repair.cleaning][1](text))
    hows = [CLEANINGS[repair.cleaning][0]] if repair.cleaning else []
    if repair.dropped:
        start = "/" if text.startswith("/") else ""
        hows.append(f"without {start + '/'.join(parts[: repair.dropped])!r}")
    within = os.path.relpath(repair.base, folder.absolute())
    if not within.startswith(".") and not text.startswith("/"):
        hows.append(f"with {within + '/'!r} in front of them")
    elif within != ".":
        hows.append(f"below {str(repair.base)!r}")
    if "ending" in repair.match:
        hows.append(f"with the ending {path.suffix!r}")
    elif repair.match != "same":
        hows.append(
            "in the case of the files' names"
            if repair.match == "case"
            else "in the Unicode form of the files' names"
        )
    absolute = text.startswith("/") and repair.base != folder.absolute()
    shown = str(path) if absolute else os.path.relpath(path, folder.absolute())
    return f"{shown!r} is a file, so write the paths {' and '.join(hows)}"
