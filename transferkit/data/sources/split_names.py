"""Names that folders and columns of a list give to splits, in all their usual spellings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

SPLITS = ("train", "validation", "test")

EVALUATION = "evaluation"  # validation beside a test, else the test
UNLABELLED = "unlabelled"  # images to be predicted: no class is known of them
WORDS = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "trn": "train",
    "learn": "train",
    "learning": "train",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
    "heldout": "test",
    "eval": EVALUATION,
    "evaluation": EVALUATION,
    "unlabeled": UNLABELLED,
    "unlabelled": UNLABELLED,
    "pred": UNLABELLED,
    "predict": UNLABELLED,
    "prediction": UNLABELLED,
    "submission": UNLABELLED,
}
# In one name: to be learnt from, where nothing is called train alone.
BOTH = {"train", "validation"}
CONTENTS = "image|images|img|imgs|photo|photos|picture|pictures|pics|jpg|jpeg|png|data|files"
# Words beside the split in a folder's name: train_set, seg_train, test-images, val2017.
FILLERS = {"set", "sets", "dataset", "seg", "folder", "dir", "split", "samples", "my", "the"}
FILLERS |= set(CONTENTS.split("|"))
GLUED = re.compile(rf"({'|'.join(WORDS)})(sets?|dataset|{CONTENTS}|\d+)*")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # TrainSet


def split_of(name: str) -> str | None:
    """Return the split of that `name`: train, validation, test, `EVALUATION`, `UNLABELLED`.

    None where it is the name of no split, or has other words, as `asl_train` has.
    """
    split, rest = _parse(name)
    return None if rest else split


def named_splits(names: Iterable[str]) -> dict[str, str]:
    """Return the split of each of `names` that is the name of one among these names.

    Names with other words are those of splits where at least two differ in the split alone, such
    as `asl_train` and `asl_test`.
    """
    strong: dict[str, str] = {}
    longer: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        split, rest = _parse(name)
        if split and not rest:
            strong[name] = split
        elif split:
            longer[rest][name] = split
    if not strong:
        alike = [group for group in longer.values() if len(set(group.values())) > 1]
        strong = alike[0] if len(alike) == 1 else {}
    joint = [name for name in strong if _is_joint(name)]
    if strong.keys() - joint and "train" in {strong[name] for name in strong.keys() - joint}:
        for name in joint:  # the images of train/ and valid/ once more
            del strong[name]
    tested = "test" in strong.values()
    evaluation = "validation" if tested else "test"
    return {name: evaluation if split == EVALUATION else split for name, split in strong.items()}


def class_splits(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return `(class, split)` of each name where all have both: `cat_train`, `cat_test` and so on.

    Empty where a name lacks one of them, or where there are no two classes in two splits.
    """
    labels: dict[str, str] = {}
    pairs = {}
    splits: dict[str, set[str]] = defaultdict(set)
    for name in names:
        split, rest = _parse(name)
        if not split or not rest or split == UNLABELLED:
            return {}
        split = "test" if split == EVALUATION else split
        pairs[name] = (labels.setdefault(rest, _without_split(name)), split)
        splits[rest].add(split)
    whole = [rest for rest, own in splits.items() if len(own) > 1 and "train" in own]
    return pairs if len(whole) >= 2 else {}


def _without_split(name: str) -> str:
    """Return `name` without the word of a split and its separator."""
    words = re.split(r"([^A-Za-z0-9]+)", CAMEL.sub("_", name))
    left = ["" if _without_fillers(word.lower()) in WORDS else word for word in words]
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", "".join(left))


def _is_joint(name: str) -> bool:
    """Whether `name` is that of train and validation together, such as `train_valid`."""
    words = re.split(r"[^a-z0-9]+", CAMEL.sub(" ", name).lower())
    return {WORDS[word] for part in words if (word := _without_fillers(part)) in WORDS} == BOTH


def _parse(name: str) -> tuple[str | None, str]:
    """Return the split in `name`, and its other words, both in lower case."""
    words = [word for word in re.split(r"[^a-z0-9]+", CAMEL.sub(" ", name).lower()) if word]
    parts = [_without_fillers(word) for word in words]
    parts = [word for word in parts if word]
    joined = "".join(parts)
    if joined in WORDS:  # hold-out
        return WORDS[joined], ""
    splits = [word for word in parts if word in WORDS]
    if {WORDS[word] for word in splits} == BOTH:  # train_valid
        return "train", " ".join(word for word in parts if word not in WORDS)
    if len(splits) != 1:
        return None, joined
    return WORDS[splits[0]], " ".join(word for word in parts if word not in WORDS)


def _without_fillers(word: str) -> str:
    """Return `word` without fillers around the split; empty where it is nothing else."""
    if word in FILLERS or word.isdecimal():
        return ""
    glued = GLUED.fullmatch(word)
    return glued[1] if glued else word
