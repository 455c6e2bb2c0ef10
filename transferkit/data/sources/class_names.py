"""Names of classes that are hard to tell apart: by case, white space or the like alone."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from transferkit.runtime.text import MAX_NAMES, named

NUMBER = re.compile(r"(\d{1,20})([.]\d*)?", re.ASCII)


def look_alikes(labels: Iterable[str]) -> list[list[str]]:
    """Return the sets of labels that differ in what `REASONS` name alone."""
    groups: dict[str, list[str]] = defaultdict(list)
    for label in sorted(set(labels)):
        groups[_plain(label)].append(label)
    return [group for group in groups.values() if len(group) > 1]


def look_alike_notes(labels: Iterable[str]) -> list[str]:
    """Return a sentence on labels that may be one class by several names; none where all differ."""
    sets = look_alikes(labels)
    if not sets:
        return []
    shown = [
        f"{' and '.join(map(spelt_out, same))} (in {difference(same)} alone)"
        for same in sets[:MAX_NAMES]
    ]
    if len(sets) > MAX_NAMES:
        shown.append(f"and {len(sets) - MAX_NAMES} more")
    return [
        f"These class names hardly differ, and are classes of their own: {'; '.join(shown)}; where "
        "they mean the same, give them one name."
    ]


def unknown_classes(split: str, labels: set[str], learnt: set[str]) -> str:
    """Return the sentence for a `split` of which no class is among those `learnt` in train."""
    alike = [same for same in look_alikes([*labels, *learnt]) if not learnt >= set(same)]
    why = f"; the names differ in {difference(alike[0])} alone" if alike else ""
    return (
        f"No class of {split} is in train, so no prediction could be correct: "
        f"{named(sorted(labels))} against {named(sorted(learnt))}{why}; give the classes the same "
        f"names in both, or take the {split} images out."
    )


def difference(alike: Sequence[str]) -> str:
    """Return the fewest reasons that tell the labels of one set of `look_alikes` apart."""
    for count in range(1, len(REASONS) + 1):
        for reasons in combinations(REASONS, count):
            if len({_folded(label, reasons) for label in alike}) == 1:
                return " and ".join(reasons)
    return ""  # equal labels


def spelt_out(label: str) -> str:
    """Return `label` in quotes, and escaped unless it is ASCII: two forms look the same."""
    plain = ascii(label)
    return repr(label) if plain == repr(label) else f"{label!r} ({plain})"


def _plain(label: str) -> str:
    """Return `label` without the differences that `REASONS` name."""
    return _folded(label, tuple(REASONS))


def _folded(label: str, reasons: Sequence[str]) -> str:
    for reason in (*reasons, *reasons):  # a letter that is folded may be folded again
        label = REASONS[reason](label)
    return label


def _form(label: str) -> str:
    return unicodedata.normalize("NFC", label)


def _visible(label: str) -> str:
    """Return `label` without characters that show nothing, such as a zero-width space."""
    return "".join(char for char in label if unicodedata.category(char) != "Cf")


def _width(label: str) -> str:
    """Return `label` with the usual form of half-width kana, full-width letters and ligatures."""
    return unicodedata.normalize("NFKC", label)


def _number(label: str) -> str:
    """Return a number without zeros that add nothing: 1.0 and 01 are 1."""
    match = NUMBER.fullmatch(label)
    return f"{int(match[1])}{(match[2] or '').rstrip('0').rstrip('.')}" if match else label


# By a difference of two names, the function that removes it.
REASONS: dict[str, Callable[[str], str]] = {
    "Unicode form": _form,
    "invisible characters": _visible,
    "the width of characters": _width,
    "how a number is written": _number,
    "case": str.casefold,
    "white space": lambda label: "".join(label.split()),
}
