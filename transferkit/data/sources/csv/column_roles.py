"""Roles of columns (path, label, split, group) by their names and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

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
MIN_GROUPS = 3  # train, validation and test have one each
MAX_GROUP_SHARE = 0.5  # of the images: with a larger one hardly any split is possible

NEEDED = ("path", "label")
# Other names of each, in lower case, without spaces, hyphens and underscores.
NAMES = {
    "path": "paths filename filenames file files filepath filepaths image images imagepath "
    "imagefile imagename img imgpath imgname imgfile photo picture imageid imgid fname",
    "label": "labels class classes classname classlabel labelname target targets category "
    "categories categoryname species breed y classid labelid categoryid",
    "split": "splits subset subsets set sets partition partitions dataset usage phase",
    "group": "groups groupid",
}


def plain(name: str) -> str:
    """Return `name` in lower case without spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def roles_of(header: Sequence[str]) -> list[str]:
    """Return which of path, label, split and group the columns of `header` may be."""
    names = {plain(name) for name in header}
    return [role for role, others in NAMES.items() if names & {role, *others.split()}]


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
    matches, parts = [], []
    for column, name in enumerate(columns):
        if name in NAMES:
            continue
        splits = split_values(name, [row[column] for row in rows])
        if splits and len({*splits.values()}) > 1 and "train" in splits.values():
            matches.append(column)
        if PARTS.fullmatch(plain(name)):
            parts.append(name)
    if len(matches) == 1:
        return matches[0], []
    if matches:
        names = named(columns[column] for column in matches)
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
    candidates = [
        column
        for column, name in enumerate(columns)
        if name not in NAMES and OWNERS.fullmatch(plain(name)) and _repeats(rows, column)
    ]
    candidates = _coarsest(candidates, rows)
    if not candidates:
        return None, []
    names = named(columns[column] for column in candidates)
    if len(candidates) > 1:
        return None, [
            f"The columns {names} may each say which images belong together, and none is read "
            "as the group: call the one group whose images should be in one split."
        ]
    counts = Counter(row[candidates[0]] for row in rows)
    is_coarse = len(counts) < MIN_GROUPS or max(counts.values()) > MAX_GROUP_SHARE * len(rows)
    if is_coarse:
        return None, [
            f"The column {names} is not read as the group, since it has few values: call it group "
            "if images that share a value should be in one split."
        ]
    return candidates[0], []


def _repeats(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether several images share a value of the column, and not all of them one."""
    counts = Counter(row[column] for row in rows if row[column].strip())
    return len(counts) > 1 and max(counts.values()) > 1


def _coarsest(candidates: list[int], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the one column of `candidates` within whose values those of the others are; or all."""
    for column in candidates:
        if all(
            len({(row[column], row[other]) for row in rows}) == len({row[other] for row in rows})
            for other in candidates
        ):
            return [column]
    return candidates
