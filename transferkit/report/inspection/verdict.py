"""The verdict on an inspected folder: what matters, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from transferkit.data.inspection import DatasetInspection
from transferkit.data.manifest import Manifest
from transferkit.data.quality.findings import FINDINGS, Kind, of_kind
from transferkit.report.html.formatting import listed

WORST = (
    "leak",
    "shift",
    "sequence",
    "contradiction",
    "near_contradiction",
    "unreadable",
)  # then as in `FINDINGS`
HARMLESS = {"huge", "wrong_ending", "alpha", "palette", "sixteen_bit", "cmyk", "rotated", "grey"}
MAX_NAMED = 3  # findings in one sentence, classes in a line
MAX_CHANCE = 0.01  # below which it is none that all images of a finding are of one class
MIN_CLASS_SHARE = 0.05  # of a class: what fewer images have is no mark of it


class FindingGroup(NamedTuple):
    """All findings of one kind: the rows of its images, and those that are counted."""

    kind: Kind
    rows: pd.DataFrame
    counted: pd.DataFrame
    giveaway: str
    """A warning where the finding tells the class; empty where it does not."""

    @property
    def harmless(self) -> bool:
        """Whether it is for information only."""
        return self.kind.name in HARMLESS and not self.giveaway

    @property
    def short(self) -> str:
        """The title without its explanation."""
        return self.kind.title.split(",")[0].split(" (")[0]


def finding_groups(look: DatasetInspection) -> list[FindingGroup]:
    """Return one group per kind of finding, the worst first, those for information last."""
    findings, labels = look.findings, labels_by_path(look)
    made = []
    for kind in FINDINGS:
        rows, counting = findings[findings["finding"] == kind.name], of_kind(findings, kind)
        if len(rows):
            made.append(FindingGroup(kind, rows, counting, _giveaway(kind, counting, labels)))

    def order(group: FindingGroup) -> tuple[bool, int]:
        name = group.kind.name
        return group.harmless, WORST.index(name) if name in WORST else len(WORST)

    return sorted(made, key=order)


def labels_by_path(look: DatasetInspection) -> dict[str, str]:
    """Return the label of each inspected file."""
    # Not a pandas index, which may keep `str` as UTF-8: not every file name is.
    frame = look.manifest.frame
    return dict(zip(frame["path"], frame["label"], strict=True))


def verdict(look: DatasetInspection, groups: list[FindingGroup]) -> str:
    """Return how many images can be used, and where to start."""
    manifest, files = look.manifest, len(look.files)
    bad = len(manifest.quarantined)
    first = f"{counted(len(manifest), 'image')} of {counted(len(manifest.classes), 'class')}"
    first += " can be used"
    first += f"; {bad:,} of {counted(files, 'file')} {be(bad)} left out." if bad else "."
    rare = _unusable(manifest)
    first += rare
    serious = [group for group in groups if not group.harmless]
    if not serious:
        last = " Findings for information are below." if groups else ""
        nothing = "Nothing else" if rare else "Nothing"
        return f"{first} {nothing} was found that would harm a network or flatter its score.{last}"
    names = [f"{lowered(group.short)} ({len(group.counted):,})" for group in serious]
    shown, rest = names[:MAX_NAMED], len(names) - MAX_NAMED
    if rest > 0:
        shown.append(counted(rest, "more finding"))
    return f"{first} Start with {listed(shown)}."


def _unusable(manifest: Manifest) -> str:
    """Return the classes without training or test images in words; empty if there are none."""
    counts = manifest.counts()
    unknown = counts["train"] == 0
    clauses = []
    for rare, meaning in (
        (unknown, "cannot be learnt"),
        (~unknown & (counts["test"] == 0), "cannot be scored"),
    ):
        names = [name for name, is_rare in zip(manifest.classes, rare, strict=True) if is_rare]
        what = f"the class {names[0]!r}" if len(names) == 1 else counted(len(names), "class")
        if names:
            clauses.append(f"{what} {meaning}")
    return f" But {listed(clauses)}." if clauses else ""


def by_class(group: FindingGroup, labels: Mapping[str, str]) -> str:
    """Return the number of images by class: `roses 12 of 641 and tulips 3 of 799`.

    `labels` are those of all images, by path.
    """
    sizes, counts = (
        Counter(labels.values()),
        Counter(labels[path] for path in group.counted["path"]),
    )
    order = sorted(counts, key=lambda name: (-counts[name], name))
    shown = [f"{name} {counts[name]:,} of {sizes[name]:,}" for name in order[:MAX_NAMED]]
    rest = len(order) - MAX_NAMED
    if rest > 0:
        shown.append(counted(rest, "other class"))
    return listed(shown)


def _giveaway(kind: Kind, counting: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Return a warning if all images of a finding are of one class, unlikely by chance."""
    members = [labels[path] for path in counting["path"]]
    if kind.sets or kind.name in (*WORST, "blank") or len(set(members)) != 1:
        return ""
    name = members[0]
    size = Counter(labels.values())[name]
    if (size / len(labels)) ** len(members) >= MAX_CHANCE or len(members) < MIN_CLASS_SHARE * size:
        return ""
    return f"All of them are of the class {name!r}: a network may take it for a mark of that class."


def sizes_of(files: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield formats, modes and sizes of the readable files, as rows of a table."""
    good = files[files["problem"] == ""]
    for what, column in (("formats", "format"), ("modes", "mode")):
        counts = good[column].value_counts()
        yield what, ", ".join(f"{name} {count:,}" for name, count in counts.items())
    for what, function in (("smallest", "min"), ("median", "median"), ("largest", "max")):
        pair = [getattr(good[image_size], function)() for image_size in ("width", "height")]
        yield f"{what} width and height", " and ".join(f"{value:,.0f}" for value in pair)
    yield "on disk", f"{good['bytes'].sum() / 1e6:,.1f} MB"


def counted(number: int, what: str) -> str:
    """Return a number with its noun: `1 image`, `1,234 images`, `3 classes`."""
    plural = "" if number == 1 else "es" if what.endswith("s") else "s"
    return f"{number:,} {what}{plural}"


def be(number: int) -> str:
    """Return "is" or "are"."""
    return "is" if number == 1 else "are"


def lowered(title: str) -> str:
    """Return a title inside a sentence; one that starts with an abbreviation is unchanged."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]
