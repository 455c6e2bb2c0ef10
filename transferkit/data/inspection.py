"""Inspection of a folder before training: its contents, and images that cannot be used well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from transferkit.config.settings import DataConfig
from transferkit.data.manifest import Manifest, read_and_inspect
from transferkit.data.probes import FeatureReader, probe_images
from transferkit.data.quality.checking import left_out
from transferkit.data.quality.file_info import SKETCH
from transferkit.data.quality.findings import FINDINGS, as_findings, of_kind, sentences
from transferkit.data.quality.grouping import numbered
from transferkit.data.quality.image_checks import blurred
from transferkit.data.sources.split_names import SPLITS
from transferkit.data.splits import rare_classes
from transferkit.errors import DataError
from transferkit.runtime.text import MAX_NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT_OUT = ("unreadable", "contradiction")  # named one by one, with their problems
BLANK = "shows nearly one colour"
LEAKED = "has a copy, a near copy or one of its group in"


@dataclass(frozen=True)
class DatasetInspection:
    """Results of `look`.

    Attributes:
        manifest: the images, as a run would use them.
        files: one row per file, as `inspect_files` returns them.
        findings: one row per image and finding: finding, path, detail, group, all text; the rows of
            a set of copies have one `group`. `findings.FINDINGS` describes the findings.
        remarks: results of the probes of all images together, by the name of the finding.
        pattern: for `--data.group-by`, where names tell sequences.
    """

    manifest: Manifest
    files: pd.DataFrame
    findings: pd.DataFrame
    remarks: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""

    def fixed(self) -> Manifest:
        """Return the manifest without images that cannot be used well; no file is touched.

        Files with a problem are left out as before. Blank pictures are left out too, and of each
        group that the source's own split parts, all images but those in the first of train,
        validation and test: so the training images stay the source's own, and none of them leaks
        into the test. Copies, near copies and given groups are in `group`, as before.

        Raises:
            DataError: no class, or nothing to test on, is left.
        """
        frame = self.manifest.frame.copy()
        blank = self.findings.loc[self.findings["finding"] == "blank", "path"]
        frame.loc[(frame["problem"] == "") & frame["path"].isin(blank), "problem"] = BLANK
        _leave_out_leaks(frame)
        frame.loc[frame["problem"] != "", "split"] = ""
        for split in ("train", "test"):
            if not (frame["split"] == split).any():
                raise DataError(
                    f"Of {self.manifest.source!r}, no image in {split} can be used well: "
                    "give no splits, and the images are split anew, each group on one side."
                )
        return Manifest(frame, self.manifest.source, left_out(frame) + rare_classes(frame))

    def frame(self) -> pd.DataFrame:
        """Return one row per kind of finding: its name, title, number of images and advice."""
        rows = [
            (kind.name, kind.title, len(images), kind.advice)
            for kind in FINDINGS
            if len(images := of_kind(self.findings, kind))
        ]
        return pd.DataFrame(rows, columns=["finding", "title", "images", "advice"])

    def plot(self) -> Figure:
        """Return a figure of the images per class and split, as stacked bars."""
        from matplotlib.figure import Figure  # 0.3 s

        counts = self.manifest.counts()
        figure = Figure(figsize=(7, 1.2 + 0.28 * len(counts)), layout="constrained")
        axes = figure.subplots()
        start = pd.Series(0, index=range(len(counts)))
        for split in SPLITS:
            widths = counts[split].reset_index(drop=True)
            axes.barh(list(start.index), widths, left=start, label=split)
            start = start + widths
        axes.set_yticks(list(start.index), [str(name) for name in counts.index], parse_math=False)
        axes.invert_yaxis()
        axes.set_xlabel("images")
        axes.legend()
        return figure

    def __str__(self) -> str:
        return "\n".join([*self._head(), "", self.manifest.counts().to_string(), *self._foot()])

    def __repr__(self) -> str:
        return f"<Look at {self.manifest.source!r}: {self.manifest!r}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<p>{escape(line)}</p>" for line in self._head())
        foot = "".join(f"<li>{escape(line)}</li>" for line in self._foot() if line)
        return f"{head}{self.manifest.counts().to_html()}<ul>{foot}</ul>"

    def _head(self) -> list[str]:
        good = self.files[self.files["problem"] == ""]
        widths, heights = good["width"], good["height"]
        sizes = (
            f"{widths.min()} to {widths.max()} pixels wide (median {widths.median():.0f}), "
            f"{heights.min()} to {heights.max()} high (median {heights.median():.0f})"
        )
        return [
            repr(self.manifest),
            f"Formats: {_counted(good['format'])}; modes: {_counted(good['mode'])}",
            f"Sizes: {sizes}; {good['bytes'].sum() / 1e6:.1f} MB",
        ]

    def _foot(self) -> list[str]:
        bad = self.manifest.quarantined
        named = self.findings["finding"].isin([*LEFT_OUT, *self.remarks])
        rest = sentences(self.findings[~named], noted=False)
        notes = [*self.manifest.notes, *self.remarks.values(), *rest]
        lines = [f"Note: {note}" for note in notes]
        shown = bad.head(MAX_NAMES)
        lines += [f"Left out: {row.path!r} {row.problem}." for row in shown.itertuples()]
        if len(bad) > len(shown):
            lines.append(f"Left out: {len(bad) - len(shown)} more.")
        return ["", *lines] if lines else []


def look(
    source: str | Path,
    data: DataConfig = DataConfig(),
    *,
    seed: int = 0,
    read_features: FeatureReader | None = None,
) -> DatasetInspection:
    """Read the manifest of `source` (as `Manifest.read` does) and inspect every file anew.

    `read_features` returns `(images, features)` of paths, such as a backbone's: with it, the probes
    for a shift between the splits and for sequences use more than plain statistics of pictures.

    Raises:
        DataError: there is nothing to learn from in it.
    """
    manifest, files, findings = read_and_inspect(source, data, seed=seed, anew=True)
    probed = probe_images(
        manifest, files, max_pixels=data.max_pixels, seed=seed, read_features=read_features
    )
    rows = [
        *findings.itertuples(index=False, name=None),
        *blurred(files, data.max_pixels),
        *probed.rows,
    ]
    return DatasetInspection(
        manifest, files.drop(columns=SKETCH), as_findings(rows), probed.remarks, probed.pattern
    )


def _leave_out_leaks(frame: pd.DataFrame) -> None:
    """Give a problem, in place, to images that are not in the first split of their group."""
    together = frame[(frame["problem"] == "") & (frame["group"] != "")]
    splits = together["split"].map(SPLITS.index)
    firsts = splits.groupby(numbered(together["group"])).transform("min")
    for index, first in firsts[splits > firsts].items():
        frame.loc[index, "problem"] = f"{LEAKED} {SPLITS[first]}"


def _counted(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.value_counts().items())
