"""The page of `look`: one HTML file without external resources."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import Any

import pandas as pd
from markupsafe import Markup
from PIL import Image

from transferkit.config.settings import DataConfig
from transferkit.data.inspection import DatasetInspection
from transferkit.data.quality.findings import sentences
from transferkit.data.sources.split_names import SPLITS
from transferkit.report.figures.image_sizes import shapes, sides
from transferkit.report.figures.per_class import class_counts
from transferkit.report.html.render import standalone
from transferkit.report.html.thumbnails import picture_uri
from transferkit.report.inspection.sections import Section, doubted, sections, set_title
from transferkit.report.inspection.verdict import counted, sizes_of, verdict

STYLES = ("page.css", "enlarge.css", "look.css")
SCRIPTS = ("page.js", "enlarge.js", "look.js")
SHEET_QUALITY = 80  # of the JPEG that a contact sheet is on the page
MAX_TO_DO = 3  # things to do that are named at the top


def look_page(
    look: DatasetInspection,
    data: DataConfig = DataConfig(),
    *,
    label_issues: pd.DataFrame | None = None,
    sheet: Image.Image | None = None,
    policy: str = "",
    next_command: str = "",
) -> str:
    """Return the whole page; all names from the user are escaped.

    Args:
        look: what was found.
        data: the settings by which it was read.
        label_issues: the labels, the most doubted first, as `find_label_issues` gives them.
        sheet: a contact sheet of the augmentation `policy`.
        policy: its name.
        next_command: what to type next; by default what follows from the findings.
    """
    data = look.manifest.settled_data(data)
    parts = sections(look, data)
    source = look.manifest.source.rstrip("/\\")
    labels, count = ([], 0) if label_issues is None else doubted(label_issues, source, data)
    return standalone(
        "look.html",
        styles=STYLES,
        scripts=SCRIPTS,
        title=PurePath(source).name or "Images",
        source=source,
        verdict=verdict(look, [part.group for part in parts]),
        headlines=_headlines(look, parts),
        sections=parts,
        to_do=_to_do(parts),
        next_command=next_command or next_command_of(look),
        set_title=set_title,
        asked_for_doubts=label_issues is not None,
        label_issues=labels,
        doubted=count,
        sheet=sheet and picture_uri(sheet, SHEET_QUALITY),
        policy=policy,
        **_data(look),
    )


def next_command_of(look: DatasetInspection) -> str:
    """Return the next command: writing a cleaned manifest, or the comparison at once."""
    source = shlex.quote(look.manifest.source)
    grouped = f" --data.group-by {shlex.quote(look.pattern)}" if look.pattern else ""
    mendable = look.findings["finding"].isin(["leak", "blank"]).any()
    if mendable or grouped:
        return f"transferkit look {source}{grouped} --fix manifest"
    return f"transferkit compare {source}"


def _headlines(look: DatasetInspection, shown: list[Section]) -> list[tuple[str, str, str]]:
    """Return the key figures: `(number, description, details)`."""
    manifest, good = look.manifest, look.files[look.files["problem"] == ""]
    serious = [part.group.rows["path"] for part in shown if not part.group.harmless]
    images = pd.concat(serious).nunique() if serious else 0
    sizes = manifest.counts().sum(axis=1)
    parts = ", ".join(f"{len(manifest.part(split)):,} {split}" for split in SPLITS)
    median = f"{good['width'].median():.0f} × {good['height'].median():.0f} pixels, the median"
    return [
        (f"{len(manifest):,}", "images", parts),
        (f"{len(sizes):,}", "classes", _images_of(sizes)),
        (
            f"{images:,}",
            "file to look at" if images == 1 else "files to look at",
            f"in {counted(len(serious), 'finding')}",
        ),
        (f"{good['bytes'].sum() / 1e6:,.1f} MB", "on disk", median),
    ]


def _images_of(sizes: pd.Series) -> str:
    """Return the range of the class sizes in words."""
    least, most = int(sizes.min()), int(sizes.max())
    return (
        f"of {counted(least, 'image')} each"
        if least == most
        else f"of {least:,} to {most:,} images"
    )


def _to_do(parts: list[Section]) -> list[Section]:
    """Return the worst findings, and all that give a class away."""
    serious = [part for part in parts if not part.group.harmless]
    return serious[:MAX_TO_DO] + [part for part in serious[MAX_TO_DO:] if part.group.giveaway]


def _data(look: DatasetInspection) -> dict[str, Any]:
    good = look.files[look.files["problem"] == ""]
    counts = look.manifest.counts()
    shown_below = sentences(look.findings, noted=True)
    return {
        "notes": [note for note in look.manifest.notes if note not in shown_below],
        "splits": SPLITS,
        "counts": counts,
        "counts_figure": Markup(class_counts(counts)),
        "size_figures": [Markup(sides(good)), Markup(shapes(good))],
        "sizes": list(sizes_of(look.files)),
    }
