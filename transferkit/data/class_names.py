"""Names of classes that are hard to tell apart: by case, white space or Unicode form alone."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

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
    shown = [
        f"{' and '.join(map(spelt_out, same))} (in {difference(same)} alone)"
        for same in sets[:NAMED_AT_MOST]
    ]
    if len(sets) > NAMED_AT_MOST:
        shown.append(f"and {len(sets) - NAMED_AT_MOST} more")
    return [
        f"These class names hardly differ, and are classes of their own: {'; '.join(shown)}; where "
        "they mean the same, give them one name."
    ]


def unknown_classes(split: str, labels: set[str], learnt: set[str]) -> str:
    """Return the sentence for a `split` of which no class is among those `learnt` in train."""
    alike = [same for same in look_alikes([*labels, *learnt]) if not learnt >= set(same)]
    why = f"; the names differ in {difference(alike[0])} alone" if alike else ""
    return (
        f"No class of {split} is in train, so no answer could be right: {named(sorted(labels))} "
        f"against {named(sorted(learnt))}{why}; give the classes the same names in both, or take "
        f"the {split} images out."
    )


def difference(alike: Sequence[str]) -> str:
    """Return what tells the labels of one set of `look_alikes` apart."""
    reasons = {
        "case": {"".join(_form(label).split()) for label in alike},
        "white space": {_form(label).casefold() for label in alike},
        "Unicode form": {"".join(label.casefold().split()) for label in alike},
    }
    return " and ".join(reason for reason, rest in reasons.items() if len(rest) > 1)


def spelt_out(label: str) -> str:
    """Return `label` in quotes, with what is not ASCII spelt out too: two forms look the same."""
    plain = ascii(label)
    return repr(label) if plain == repr(label) else f"{label!r} ({plain})"


def _plain(label: str) -> str:
    """Return what is left of `label` without case, white space and Unicode form."""
    return "".join(_form(_form(label).casefold()).split())


def _form(label: str) -> str:
    return unicodedata.normalize("NFC", label)
