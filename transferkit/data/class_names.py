"""Names of classes that are hard to tell apart: by case, white space or Unicode form alone."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable

from transferkit.data.phrases import NAMED_AT_MOST, named


def look_alikes(labels: Iterable[str]) -> list[list[str]]:
    """Return the sets of labels that differ in case, white space or Unicode form alone."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(set(labels)):
        alike[_plain(label)].append(label)
    return [same for same in alike.values() if len(same) > 1]


def look_alike_notes(labels: Iterable[str]) -> list[str]:
    """Return a sentence on labels that may be one class by several names; none where all differ."""
    sets = look_alikes(labels)
    if not sets:
        return []
    shown = "; ".join(" and ".join(map(told_apart, same)) for same in sets[:NAMED_AT_MOST])
    rest = f"; and {len(sets) - NAMED_AT_MOST} more" if len(sets) > NAMED_AT_MOST else ""
    return [
        f"Class names that differ in case, white space or Unicode form alone are classes of their "
        f"own: {shown}{rest}; where they mean the same, give them one name."
    ]


def unknown_classes(split: str, labels: Collection[str], learnt: Collection[str]) -> str:
    """Return the sentence for a `split` of which no class is among those `learnt` in train."""
    known = {_plain(label) for label in learnt}
    alike = any(_plain(label) in known for label in labels)
    where = ", in names that differ in case, white space or Unicode form alone" if alike else ""
    return (
        f"No class of {split} is in train: {named(sorted(labels))} against "
        f"{named(sorted(learnt))}{where}; so no answer could be right: give the classes the same "
        f"names in both, or take the {split} images out."
    )


def told_apart(label: str) -> str:
    """Return `label` in quotes, with what is not ASCII spelt out too: two forms look the same."""
    plain = ascii(label)
    return repr(label) if plain == repr(label) else f"{label!r} ({plain})"


def _plain(label: str) -> str:
    """Return what is left of `label` without case, white space and Unicode form."""
    return "".join(unicodedata.normalize("NFC", label).casefold().split())
