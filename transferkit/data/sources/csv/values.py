"""Columns of a list that are the split or the group by what they hold, whatever they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transferkit.data.sources.csv.column_names import NAMES, plain
from transferkit.data.sources.split_names import UNLABELLED, named_splits
from transferkit.runtime.text import named

# FER-2013: the test that everybody saw during its contest, and the one that decided.
CONTEST = {"publictest": "validation", "privatetest": "test"}
# Columns of yes and no: the split of yes, and that of no.
FLAGS = {
    "istrain": ("train", "test"),
    "istraining": ("train", "test"),
    "istest": ("test", "train"),
    "isval": ("validation", "train"),
    "isvalid": ("validation", "train"),
    "isvalidation": ("validation", "train"),
}
YES = {"1", "1.0", "true", "yes", "t", "y"}
NO = {"0", "0.0", "false", "no", "f", "n"}
PARTS = re.compile(r"k?folds?(id|number|no)?")  # of a cross-validation
OWNERS = re.compile(
    r"(patient|subject|lesion|case|video|person|participant|animal|scene|session|slide|study|"
    r"clip|sequence|burst|specimen)(s|id|no|nr|number|name)?"
)
FEWEST_GROUPS = 3  # train, validation and test have one each
LARGEST_GROUP = 0.5  # of the images: with a larger one hardly any split is possible


def split_values(name: str, values: Sequence[str]) -> dict[str, str] | None:
    """Return the split of each of `values` of the column `name`; None where one is no split."""
    different = [value for value in dict.fromkeys(value.strip() for value in values) if value]
    if not different:
        return None
    flag = FLAGS.get(plain(name))
    if flag and {value.lower() for value in different} <= YES | NO:
        return {value: flag[0] if value.lower() in YES else flag[1] for value in different}
    contest = {value: CONTEST[plain(value)] for value in different if plain(value) in CONTEST}
    splits = named_splits(value for value in different if value not in contest) | contest
    right = all(splits.get(value, UNLABELLED) != UNLABELLED for value in different)
    return splits if right else None


def find_split(
    columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[int | None, list[str]]:
    """Return the only column whose values are splits, train among them; or a sentence on why not.

    Args:
        columns: those that have a role already are called by it.
        rows: the values of each line.
    """
    places, parts = [], []
    for place, name in enumerate(columns):
        if name in NAMES:
            continue
        splits = split_values(name, [row[place] for row in rows])
        if splits and len({*splits.values()}) > 1 and "train" in splits.values():
            places.append(place)
        if PARTS.fullmatch(plain(name)):
            parts.append(name)
    if len(places) == 1:
        return places[0], []
    if places:
        names = named(columns[place] for place in places)
        return None, [
            f"The columns {names} hold splits, and none is read as the split: call the one that "
            "counts split."
        ]
    if parts:
        return None, [
            f"The column {parts[0]!r} is not read as the split: for that, add a column split with "
            "train, validation or test in each row."
        ]
    return None, []


def find_group(
    columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[int | None, list[str]]:
    """Return the only column of patients or the like that several images share; or a sentence."""
    places = [
        place
        for place, name in enumerate(columns)
        if name not in NAMES and OWNERS.fullmatch(plain(name)) and _repeats(rows, place)
    ]
    places = _coarsest(places, rows)
    if not places:
        return None, []
    names = named(columns[place] for place in places)
    if len(places) > 1:
        return None, [
            f"The columns {names} may each say which images belong together, and none is read "
            "as the group: call the one group whose images should be in one split."
        ]
    counts = Counter(row[places[0]] for row in rows)
    few = len(counts) < FEWEST_GROUPS or max(counts.values()) > LARGEST_GROUP * len(rows)
    if few:
        return None, [
            f"The column {names} is not read as the group, since it has few values: call it group "
            "if images that share a value should be in one split."
        ]
    return places[0], []


def _repeats(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether several images share a value of the column, and not all of them one."""
    counts = Counter(row[place] for row in rows if row[place].strip())
    return len(counts) > 1 and max(counts.values()) > 1


def _coarsest(places: list[int], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the one column of `places` within whose values those of the others are; or all."""
    for place in places:
        if all(
            len({(row[place], row[other]) for row in rows}) == len({row[other] for row in rows})
            for other in places
        ):
            return [place]
    return places
