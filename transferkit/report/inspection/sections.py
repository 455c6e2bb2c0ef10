"""The findings of `look` as sections of a page, with as many images as there is room."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from transferkit.config.settings import DataConfig
from transferkit.data.inspection import DatasetInspection
from transferkit.data.manifest import Manifest
from transferkit.report.html.thumbnails import that_fit, thumbnails
from transferkit.report.inspection.verdict import (
    FindingGroup,
    by_class,
    counted,
    finding_groups,
    labels_by_path,
)

MAX_SETS, MAX_MEMBERS = 18, 6  # sets of copies that are shown, and pictures of each
MAX_PICTURES = 24  # of a finding that has no sets, and of the doubted labels
MAX_NAMED = 100  # files whose names alone are shown
MAX_CHARACTERS = (
    3_200_000  # characters for the pictures of findings: the page is to stay under 5 MB
)
MAX_DOUBTED_CHARACTERS = 800_000  # characters for those with doubted labels
LIKELIER = 0.5  # the doubt above which another label is likelier
DOUBTS = ("path", "label", "suggested", "doubt", "split")
NAMES_ALONE = {"unreadable"}  # there is no picture


@dataclasses.dataclass(frozen=True)
class Picture:
    """One image of a finding."""

    path: str
    shown: str
    """The path within the source."""
    label: str
    split: str
    """Or why it is in none."""
    detail: str
    uri: str = ""
    """The picture itself; empty where it cannot be read."""
    suggested: str = ""
    """The label that it would rather have."""
    doubt: float = 0.0
    """Of its label, 0..1."""


@dataclasses.dataclass(frozen=True)
class Section:
    """One finding: its description and its images."""

    group: FindingGroup
    by_class: str
    sets: list[list[Picture]]
    """Images that belong together; of a finding without sets, all in one."""
    in_sets: bool
    more: int
    """Rows that are not shown."""
    remark: str = ""
    """Remark on all its images together."""

    @property
    def title(self) -> str:
        """Title of the finding with its number of images."""
        return f"{self.group.short}: {len(self.group.counted):,}"


def sections(
    look: DatasetInspection, data: DataConfig, *, room: int = MAX_CHARACTERS
) -> list[Section]:
    """Return one section per finding, the worst first.

    The pictures take up to `room` characters; what one section leaves of its share, the next ones
    may take.
    """
    groups, labels = finding_groups(look), labels_by_path(look)
    chosen = [_chosen(group, look.manifest) for group in groups]
    pairs = list(zip(groups, chosen, strict=True))
    pictured = [sets for group, sets in pairs if group.kind.name not in NAMES_ALONE]
    paths = (one.path for sets in pictured for members in sets for one in members)
    uris, made = thumbnails(paths, data.max_pixels, data.value_range or None), []
    for number, (group, sets) in enumerate(pairs):
        in_sets = _in_sets(group.rows)
        sets = [[_with_uri(one, uris) for one in members] for members in sets]
        sets = _fitting(sets, room // (len(pairs) - number), whole=in_sets)
        room -= sum(len(one.uri) for members in sets for one in members)
        more = len(group.rows) - sum(map(len, sets))
        remark = look.remarks.get(group.kind.name, "")
        made.append(Section(group, by_class(group, labels), sets, in_sets, more, remark))
    return made


def doubted(doubts: pd.DataFrame, source: str, data: DataConfig) -> tuple[list[Picture], int]:
    """Return the images with the most doubtful labels, and the number with a likelier label.

    `doubts` are as `find_label_issues` gives them.
    """
    rows = doubts.loc[doubts["doubt"] > LIKELIER, list(DOUBTS)]
    shown = rows.head(MAX_PICTURES).to_numpy().tolist()
    uris = thumbnails((path for path, *_ in shown), data.max_pixels, data.value_range or None)
    made = [
        Picture(path, shown_path(path, source), label, split, "", uris.get(path, ""), other, doubt)
        for path, label, other, doubt, split in shown
    ]
    return made[: that_fit([len(issue.uri) for issue in made], MAX_DOUBTED_CHARACTERS)], len(rows)


def shown_path(path: str, source: str) -> str:
    """Return the path within `source`, or its last folder and its name."""
    try:
        return str(Path(path).relative_to(Path(source).absolute()))
    except ValueError:
        return "/".join(Path(path).parts[-2:])


def set_title(members: Sequence[Picture]) -> str:
    """Return the title of a set of images: `2 images, roses`."""
    labels = {picture.label for picture in members}
    name = f", {min(labels)}" if len(labels) == 1 else f", {len(labels)} labels"
    return f"{counted(len(members), 'image')}{name}"


def _in_sets(rows: pd.DataFrame) -> bool:
    return bool((rows["group"] != "").all())


def _chosen(finding: FindingGroup, manifest: Manifest) -> list[list[Picture]]:
    """Return the images to show, in their sets."""
    frame = manifest.frame
    about = dict(zip(frame["path"], zip(frame["label"], frame["split"], strict=True), strict=True))

    def picture(path: str, detail: str) -> Picture:
        label, split = about[path]
        return Picture(path, shown_path(path, manifest.source), label, split or "left out", detail)

    columns = (finding.rows[name] for name in ("path", "detail", "group"))
    rows = list(zip(*columns, strict=True))
    if not _in_sets(finding.rows):
        most = MAX_NAMED if finding.kind.name in NAMES_ALONE else MAX_PICTURES
        return [[picture(path, detail) for path, detail, _ in rows[:most]]]
    sets: dict[str, list[tuple[str, str]]] = {}
    for path, detail, group in rows:
        sets.setdefault(group, []).append((path, detail))
    shown = list(sets.values())[:MAX_SETS]
    most = max(MAX_MEMBERS, MAX_PICTURES // len(shown))
    return [_both_sides([picture(*one) for one in members])[:most] for members in shown]


def _both_sides(members: list[Picture]) -> list[Picture]:
    """Return the members, the first of each split and label before any second."""
    turns: dict[tuple[str, str], int] = {}
    order = []
    for picture in members:
        column = (picture.split, picture.label)
        turns[column] = turns.get(column, -1) + 1
        order.append(turns[column])
    return [
        picture for _, picture in sorted(zip(order, members, strict=True), key=lambda pair: pair[0])
    ]


def _with_uri(one: Picture, uris: dict[str, str]) -> Picture:
    return dataclasses.replace(one, uri=uris.get(one.path, ""))


def _fitting(sets: list[list[Picture]], room: int, *, whole: bool) -> list[list[Picture]]:
    """Return the pictures that fit into `room` characters: `whole` sets, or single ones."""
    if whole:
        return sets[
            : that_fit([sum(len(picture.uri) for picture in pictures) for pictures in sets], room)
        ]
    return [
        pictures[: that_fit([len(picture.uri) for picture in pictures], room)] for pictures in sets
    ]
