"""Probes of all images together: do the splits differ, and do names tell sequences?"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from transferkit.data.manifest import Manifest
from transferkit.data.quality.findings import Row
from transferkit.data.quality.group_pattern import paths_below
from transferkit.data.quality.image_statistics import (
    appearance_features,
    in_words,
    picture_statistics,
    read_thumbnails,
)
from transferkit.data.quality.sequences import Sequences, find_sequences
from transferkit.data.quality.split_shift import (
    SplitShift,
    features_probe,
    greatest_differences,
    split_shift,
    statistics_probe,
)

MAX_NAMED = 24  # images of a split that are named: those that a probe is most certain of
MIN_SCORE = 0.5  # above which an image is predicted to be in test
FeatureReader = Callable[[Sequence[str]], np.ndarray]


@dataclass
class Probed:
    """Results of the probes.

    Attributes:
        rows: of findings.
        remarks: sentences on each kind of finding among them, by its name.
        pattern: for `--data.group-by`, where one is proposed.
    """

    rows: list[Row] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)
    pattern: str = ""


def probe_images(
    manifest: Manifest,
    files: pd.DataFrame,
    *,
    max_pixels: int,
    seed: int,
    read_features: FeatureReader | None = None,
) -> Probed:
    """Probe the usable images of `manifest`, whose rows are those of `files`.

    Plain statistics of the pictures are always used, the features of a backbone where there is
    `read_features`, which returns `(images, features)` of paths.
    """
    usable = (manifest.frame["problem"] == "").to_numpy()
    rows, files = manifest.frame[usable].reset_index(drop=True), files[usable]
    paths = rows["path"].tolist()
    thumbnails = read_thumbnails(paths, max_pixels)
    features = read_features(paths) if read_features else None
    probed = Probed()
    _find_shift(probed, manifest, rows, picture_statistics(files, thumbnails), features, seed)
    sequences = find_sequences(
        appearance_features(thumbnails) if features is None else features,
        paths_below(manifest.source, paths),
        rows["label"].tolist(),
        rows["group"].tolist(),
        seed=seed,
    )
    if sequences is not None:
        _add_sequences(probed, rows, sequences)
    return probed


def _find_shift(
    probed: Probed,
    manifest: Manifest,
    rows: pd.DataFrame,
    statistics: pd.DataFrame,
    features: np.ndarray | None,
    seed: int,
) -> None:
    judged = rows["split"].isin(["train", "test"]).to_numpy()
    rows, statistics = rows[judged], statistics[judged]
    in_test, labels = (rows["split"] == "test").to_numpy(), manifest.label_indices(rows)
    groups = _unit_numbers(rows["group"].tolist())
    probes = [("plain statistics of the pictures", statistics_probe(seed), statistics.to_numpy())]
    if features is not None:
        probes.append(("the features of the backbone", features_probe(seed), features[judged]))
    shifts = {
        name: split_shift(probe, values, in_test, labels, groups, seed=seed)
        for name, probe, values in probes
    }
    told = {name: shift for name, shift in shifts.items() if shift is not None and shift.is_told}
    if not told:
        return
    sentences = [_shift_sentence(name, shift) for name, shift in told.items()]
    differing = greatest_differences(statistics, in_test, labels)
    sentences.append(f"They differ most in {', '.join(in_words(*means) for means in differing)}.")
    probed.remarks["shift"] = " ".join(sentences)
    best = max(told.values(), key=lambda shift: shift.low)
    probed.rows += _telling_images(rows, in_test, best)


def _shift_sentence(name: str, shift: SplitShift) -> str:
    accuracy, low, high = (100 * share for share in (shift.accuracy, shift.low, shift.high))
    return (
        f"By {name}, test images can be told from training images of the same class: a probe has "
        f"an accuracy of {accuracy:.1f} % on held-out images (95 % interval {low:.1f} to "
        f"{high:.1f} %, chance 50 %)."
    )


def _telling_images(rows: pd.DataFrame, in_test: np.ndarray, shift: SplitShift) -> list[Row]:
    """Return the images of test and train that the probe is most certain of, class by class."""
    findings: list[Row] = []
    for split, in_split, scores in (
        ("test", in_test, shift.scores),
        ("train", ~in_test, 1 - shift.scores),
    ):
        sure = np.flatnonzero(in_split & (np.nan_to_num(scores) > MIN_SCORE))
        order = sure[np.argsort(-scores[sure], kind="stable")]
        for row in _by_turns(order, rows["label"].tolist())[:MAX_NAMED]:
            detail = f"is in {split}, which a probe predicts with {scores[row]:.2f}"
            findings.append(("shift", rows["path"].iloc[row], detail, split))
    return findings


def _by_turns(order: np.ndarray, labels: Sequence[str]) -> list[int]:
    """Return the rows `order`, the first of every label before any second."""
    turns: Counter[str] = Counter()
    keys: list[tuple[int, int, int]] = []
    for row in order.tolist():
        keys.append((turns[labels[row]], len(keys), row))
        turns[labels[row]] += 1
    return [row for _, _, row in sorted(keys)]


def _add_sequences(probed: Probed, rows: pd.DataFrame, sequences: Sequences) -> None:
    groups = list(sequences.groups)
    in_test = (rows["split"] == "test").tolist()
    learnt = {group for group, test in zip(groups, in_test, strict=True) if group and not test}
    tested = {group for group, test in zip(groups, in_test, strict=True) if group and test}
    parted = sum(test and group in learnt for group, test in zip(groups, in_test, strict=True))
    probed.pattern = sequences.pattern
    probed.remarks["sequence"] = (
        f"The names of {sum(map(bool, groups))} images suggest {sequences.count} groups, whose "
        f"images are more similar than {100 * sequences.rank:.0f} % of the others of their class: "
        f"{parted} of {sum(in_test)} test images have one of their group in train or validation. "
        f"Keep each group together by --data.group-by {shlex.quote(sequences.pattern)}"
    )
    members = [row for row, group in enumerate(groups) if group]
    # Those first that are on both sides.
    for row in sorted(members, key=lambda row: groups[row] not in learnt & tested):
        detail = f"is of the group {groups[row]!r}"
        probed.rows.append(("sequence", rows["path"].iloc[row], detail, f"name:{groups[row]}"))


def _unit_numbers(groups: Sequence[str]) -> np.ndarray:
    """Return `(images,)` int64, the index of each group; an image without one is alone."""
    names = np.array(groups, str)
    numbers = np.unique(names, return_inverse=True)[1]
    alone = names == ""
    numbers[alone] = len(names) + np.arange(alone.sum())
    return np.asarray(numbers)
