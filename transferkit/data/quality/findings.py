"""Findings on images: a catalog of their kinds, and sentences on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from transferkit.runtime.text import last_names, named

COLUMNS = ("finding", "path", "detail", "group")
Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    Attributes:
        name: its value in the column `finding`.
        title: a description of the files, as the start of a sentence.
        advice: a sentence on what to do about it.
        noted: whether every run notes it, or only `look`.
        sets: whether its rows come in sets, of which all but the first are counted.
        way_out: the end of the sentence on it: how to leave it out.
    """

    name: str
    title: str
    advice: str
    noted: bool = True
    sets: bool = False
    way_out: str = ""


SEARCH_OFF = "; --data.no-near-duplicates (near_duplicates=False) leaves the search out"
FINDINGS = (
    Kind(
        "unreadable",
        "Files that cannot be used",
        "They are left out: mend, replace or remove them.",
        noted=False,  # the note on left out files counts them
    ),
    Kind(
        "contradiction",
        "The same file under two labels",
        "All of them are left out, since one label is wrong: remove the wrong one.",
        noted=False,  # likewise
    ),
    Kind(
        "near_contradiction",
        "Near copies under different labels, kept on one side of a split",
        "One of the labels may be wrong: look at both pictures, and remove or move one.",
        way_out=SEARCH_OFF,
    ),
    Kind(
        "leak",
        "Images on both sides of the source's own split",
        "Scores on such test images flatter every classifier: take them out of the test.",
        noted=False,  # has a sentence of its own, with the number in test
    ),
    Kind(
        "shift",
        "Images that tell test from train",
        "Classifiers are tested on other images than they are trained on: check what differs, "
        "and take train and test from the same images unless the difference is what you want to "
        "measure.",
        noted=False,  # has a sentence of its own, with the probe's accuracy
    ),
    Kind(
        "sequence",
        "Sequences in the file names, one group for each",
        "Scores on images of a group with training images reward memorising: keep each group on "
        "one side of the split.",
        noted=False,  # likewise
        sets=True,
    ),
    Kind(
        "copy",
        "Exact copies of other files, one group for each",
        "They stay on one side of a split, and count several times: remove all but one.",
        sets=True,
    ),
    Kind(
        "near_copy",
        "Near copies of other files (rescaled, recompressed, cropped, mirrored or turned), one "
        "group for each",
        "They stay on one side of a split, and count several times: remove all but one.",
        sets=True,
        way_out=SEARCH_OFF,
    ),
    Kind(
        "one_view",
        "Nearly identical images that make up most of a class, as of a fixed camera; only exact "
        "copies are kept together",
        "If they are copies of one picture, remove all but one: scores on them are too high.",
        way_out=SEARCH_OFF,
    ),
    Kind(
        "blank",
        "Pictures of nearly one colour",
        "They hold nothing to learn: remove them.",
    ),
    Kind(
        "dark",
        "Pictures that are nearly black",
        "Look whether they show anything, and remove or brighten those that do not.",
        noted=False,
    ),
    Kind(
        "blurred",
        "Pictures far less sharp than the others",
        "Look whether they show their class, and remove those that do not.",
        noted=False,
    ),
    Kind(
        "tiny",
        "Pictures far smaller than the others",
        "They may be thumbnails or placeholders: look at them, and replace or remove them.",
        noted=False,
    ),
    Kind(
        "huge",
        "Pictures of more pixels than training can use",
        "They are shrunk each time they are read: smaller files would be read faster.",
        noted=False,
    ),
    Kind(
        "odd_aspect",
        "Pictures far longer or wider than the others",
        "A square of them is squashed or loses most of it: crop them to what they show.",
        noted=False,
    ),
    Kind(
        "wrong_ending",
        "Files with the ending of another format",
        "They are read by their content: rename them for other programs' sake.",
    ),
    Kind(
        "alpha",
        "Files with an alpha channel, which is blended on white",
        "Look whether white is the right background where only one class has it.",
    ),
    Kind(
        "palette",
        "Files with a palette, which becomes colours",
        "Nothing, unless they are drawings or placeholders among photographs.",
    ),
    Kind(
        "sixteen_bit",
        "Files with 16 bits or more, which are scaled to 8",
        "The notes say which values become black and white for all of them: see that it is right.",
    ),
    Kind("cmyk", "CMYK files, which become RGB", "Their colours may differ: look at them."),
    Kind(
        "rotated",
        "Files turned by EXIF, which are put upright",
        "Nothing here; programs that do not know EXIF see them on their side.",
    ),
    Kind(
        "unreadable_exif",
        "Files with EXIF that cannot be read",
        "They are taken to be upright: look at them, and turn those that are not.",
    ),
    Kind(
        "grey",
        "Grey files among others in colour",
        "Nothing, unless only one class has them: then grey gives the class away.",
    ),
)


def as_findings(rows: Iterable[Row]) -> pd.DataFrame:
    """Return `rows` as a frame with `COLUMNS`, in the order of `FINDINGS`, all text."""
    order = {kind.name: number for number, kind in enumerate(FINDINGS)}
    rows = sorted(rows, key=lambda row: order[row[0]])  # stable
    # Objects, since pandas may keep `str` as UTF-8, and not every file name is.
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def of_kind(findings: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Return the rows of one kind that count: of rows in sets, all but the first of each set."""
    rows = findings[findings["finding"] == kind.name]
    return rows[rows.duplicated("group")] if kind.sets else rows


def sentences(findings: pd.DataFrame, *, noted: bool) -> list[str]:
    """Return a sentence for each kind among `findings`: of the `noted` kinds, or of the others."""
    return [
        f"{kind.title} ({len(rows)}): {named(last_names(rows['path']))}{kind.way_out}."
        for kind in FINDINGS
        if kind.noted == noted and len(rows := of_kind(findings, kind))
    ]
