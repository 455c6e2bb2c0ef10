"""Patterns on file names that may tell groups: a stem, a first word, a folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

MAX_NUMBERS = 4  # at the end of a name: a film, a take, a date, a frame
MIN_SHARE = 0.1  # of the names: a rarer scheme is none
NUMBERS = re.compile("[0-9]+")
SEPARATOR = re.compile(r"[^\w/]*_*[^\w/]*\Z")  # before a number, such as "_", "-" or " ("
FIRST_NUMBER = re.compile(r"[0-9]+([-_ .]+)(?=[^-_ .])")
FIRST_WORD = re.compile(r"[^-_ .]+([-_ .])")
SPECIAL = re.compile(r"([][(){}.*+?^$|\\])")  # for a regular expression; fewer than `re.escape` has


def name_patterns(paths: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return regular expressions for `--data.group-by` that fit the scheme of `paths`.

    `paths` are POSIX text below the source. Each stem is there by itself and together with its
    folder, since numbers often begin anew in each folder.
    """
    stems = [PurePosixPath(path).stem for path in paths]
    starts = [*_before_last_numbers(stems), *_first_words(stems)]
    return [
        *starts,
        *(f"([^/]+/{start.removeprefix('(?:^|/)').removeprefix('(')}" for start in starts),
        *_after_first_number(stems),
        *_folders(paths, labels),
    ]


def _before_last_numbers(stems: Sequence[str]) -> list[str]:
    """Return patterns of the text before the last number of a name, or before its last few."""
    patterns = []
    for numbers in range(1, MAX_NUMBERS + 1):
        separators: Counter[str] = Counter()
        for stem in stems:
            starts = [match.start() for match in NUMBERS.finditer(stem)]
            if len(starts) >= numbers and starts[-numbers] > 0:
                match = SEPARATOR.search(stem[: starts[-numbers]])
                separators[match[0] if match else ""] += 1
        rest = f"[0-9]+{'[^0-9/]+[0-9]+' * (numbers - 1)}[^0-9/]*$"
        for separator in _frequent(separators, len(stems)):
            start = f"([^/]+){_escaped(separator)}" if separator else "([^/]*[^0-9/])"
            patterns.append(start + rest)
    return patterns


def _first_words(stems: Sequence[str]) -> list[str]:
    """Return patterns of the text before the first separator of a name."""
    separators = Counter(match[1] for stem in stems if (match := FIRST_WORD.match(stem)))
    return [f"(?:^|/)([^/{mark}]+)[{mark}][^/]*$" for mark in _frequent(separators, len(stems))]


def _after_first_number(stems: Sequence[str]) -> list[str]:
    """Return patterns of the text after a number at the beginning of a name."""
    separators = Counter(match[1] for stem in stems if (match := FIRST_NUMBER.match(stem)))
    return [
        rf"(?:^|/)[0-9]+{_escaped(separator)}([^/]+)[.][^./]*$"
        for separator in _frequent(separators, len(stems))
    ]


def _folders(paths: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Return patterns of the folder of each file, where it is below that of its class."""
    parents = [PurePosixPath(path).parent for path in paths]
    below = sum(
        parent.name != label and label in parent.parts
        for parent, label in zip(parents, labels, strict=True)
    )
    return ["([^/]+)/[^/]+$", "([^/]+/[^/]+)/[^/]+$"] if below > MIN_SHARE * len(paths) else []


def _frequent(counts: Counter[str], names: int) -> list[str]:
    return [text for text, count in counts.most_common() if count >= MIN_SHARE * names]


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"[\1]" if text not in ("^", "\\") else r"\\\1", text)
