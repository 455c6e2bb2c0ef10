"""Manifest: the one list of images that every classifier reads."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferkit.config.settings import Config, DataConfig
from transferkit.data.decoding.value_range import Range, folder_range, range_note
from transferkit.data.quality.checking import check_rows, leaks, left_out
from transferkit.data.quality.file_info import wide_files
from transferkit.data.quality.findings import as_findings, sentences
from transferkit.data.quality.group_pattern import group_by
from transferkit.data.quality.image_checks import check_files, check_images
from transferkit.data.quality.scan_cache import inspect_cached
from transferkit.data.sources.class_names import look_alike_notes
from transferkit.data.sources.csv.csv_file import read_csv_list
from transferkit.data.sources.csv.paths import check_paths
from transferkit.data.sources.folder.image_folder import scan_folder
from transferkit.data.sources.split_names import SPLITS
from transferkit.data.sources.tfds.metadata import TFDS_PREFIX
from transferkit.data.splits import assign_splits, rare_classes, require_classes, require_test
from transferkit.data.text_frame import COLUMNS, as_text, columns_of
from transferkit.errors import DataError, unknown_name
from transferkit.runtime.printing import csv_text
from transferkit.storage.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence


class Manifest:
    """One row per file, as the pandas frame `frame`; a row with a problem is in no split.

    Attributes:
        frame: `COLUMNS`, and whatever other columns a .csv had, all text; `path` is absolute,
            `split` one of `SPLITS` or empty.
        source: the folder, list or data set that it was read from.
        notes: sentences on files that were left out or are unusual.

    Of a frame made by hand, columns other than `path` and `label` may be missing; other values, and
    missing ones, become text.

    Raises:
        DataError: a row has no `path` or no `label`, two columns have one name, or there is no such
            split.
    """

    def __init__(self, frame: pd.DataFrame, source: str = "", notes: Sequence[str] = ()) -> None:
        self.frame = as_text(frame)
        self.source = source
        self.notes = tuple(notes)
        self._value_range: Range | None = None

    @classmethod
    def read(
        cls, source: str | Path, data: DataConfig = DataConfig(), *, seed: int = 0
    ) -> Manifest:
        """Read the images of a folder, a .csv file or `tfds:NAME`: checked, grouped and split.

        Files that cannot be read have a row, with the problem. A source's own splits stay; missing
        ones are taken from its training images.

        Raises:
            DataError: there is nothing to learn from in it, or `data.strict` and a file is bad or
                the source's own split leaks.
        """
        return read_and_inspect(source, data, seed=seed)[0]

    @classmethod
    def load(cls, path: str | Path) -> Manifest:
        """Read a manifest that `save` wrote; its files are not opened.

        Raises:
            DataError: it is no such file.
        """
        frame = read_csv_list(Path(path)).frame
        missing = [name for name in COLUMNS if name not in frame]
        if missing:
            raise DataError(f"{str(path)!r} is not a manifest: it has no column {missing[0]!r}.")
        return cls(frame, str(path))

    def save(self, path: str | Path) -> None:
        """Write it as CSV (RFC 4180), whole or not at all; no cell of it is a formula."""
        rows = self.frame.itertuples(index=False, name=None)
        write_text(Path(path), csv_text(self.frame.columns, rows))

    def settled(self, config: Config) -> Config:
        """Return `config`, with the value range of these images where it has none."""
        return dataclasses.replace(config, data=self.settled_data(config.data))

    def settled_data(self, data: DataConfig) -> DataConfig:
        """Return `data`, with the value range of these images where it has none.

        Raises:
            DataError: the values of the images are in no one range.
        """
        if data.value_range:
            return data
        if self._value_range is None:
            files = wide_files(self.usable["path"].tolist(), data.max_pixels)
            self._value_range = folder_range(files, self.source)
        return dataclasses.replace(data, value_range=self._value_range)

    @property
    def usable(self) -> pd.DataFrame:
        """The rows without a problem."""
        return self.frame[self.frame["problem"] == ""]

    @property
    def slice_columns(self) -> list[str]:
        """The columns that may divide the images, such as a camera or a hospital.

        They are those that a .csv had beyond `COLUMNS`, and `group`, where all images have one.
        """
        more = [str(name) for name in self.frame if name and name not in COLUMNS]
        return [*more, *(["group"] if (self.usable["group"] != "").all() else [])]

    @property
    def quarantined(self) -> pd.DataFrame:
        """The rows with a problem."""
        return self.frame[self.frame["problem"] != ""].reset_index(drop=True)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the usable rows, sorted: column `k` of every probability is class `k`."""
        return tuple(sorted(self.usable["label"].unique()))

    def part(self, split: str) -> pd.DataFrame:
        """The usable rows of `split`."""
        if split not in SPLITS:
            raise unknown_name("split", split, SPLITS)
        return self.usable[self.usable["split"] == split].reset_index(drop=True)

    @property
    def leaked(self) -> pd.DataFrame:
        """Test images that share a group (a copy, a near copy) with train or validation."""
        usable = self.usable
        known = set(usable.loc[usable["split"] != "test", "group"]) - {""}
        test = self.part("test")
        return test[test["group"].isin(known)].reset_index(drop=True)

    def label_indices(self, rows: pd.DataFrame) -> np.ndarray:
        """Return `(images,)` int64, the index of each row's class in `classes`."""
        index = {name: number for number, name in enumerate(self.classes)}
        return np.array([index[label] for label in rows["label"]], dtype=np.int64)

    def counts(self) -> pd.DataFrame:
        """Usable images by class (rows) and split (columns)."""
        images = Counter(zip(self.usable["label"], self.usable["split"], strict=True))
        table = [[images[name, split] for split in SPLITS] for name in self.classes]
        # Objects, since pandas may keep `str` as UTF-8, and not every folder's name is.
        index = pd.Index(self.classes, name="label", dtype=object)
        return pd.DataFrame(table, index=index, columns=pd.Index(SPLITS, name="split"), dtype=int)

    def __len__(self) -> int:
        return len(self.usable)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(self.part(split))} {split}" for split in SPLITS)
        bad = len(self.quarantined)
        left_out = f"; {bad} left out" if bad else ""
        return f"<Manifest of {len(self.classes)} classes: {sizes} images{left_out}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>{self.counts().to_html()}"


def read_and_inspect(
    source: str | Path, data: DataConfig, *, seed: int, anew: bool = False
) -> tuple[Manifest, pd.DataFrame, pd.DataFrame]:
    """Return the manifest of `Manifest.read`, the rows of `inspect_files`, and the findings.

    The findings are those of `as_findings` that need no file to be read again. Files that have not
    changed since the last scan are not read again, unless `anew`.
    """
    frame, notes = _listed(source, data.layout)
    notes += group_by(frame, str(source), data.group_by)
    files, near = inspect_cached(str(source), frame["path"].tolist(), data, anew=anew)
    frame, rows = check_rows(frame, files, near, data=data)
    require_classes(frame, str(source))
    notes += left_out(frame) + assign_splits(frame, data, seed)
    require_test(frame, str(source))
    parted, more = leaks(frame, str(source), strict=data.strict)
    odd = check_images(files, data.max_pixels)
    findings = as_findings([*rows, *parted, *odd, *check_files(files)])
    notes += look_alike_notes(frame.loc[frame["problem"] == "", "label"])
    notes += [*more, *sentences(findings, noted=True), *rare_classes(frame)]
    value_range = data.value_range or folder_range(files, str(source))
    manifest = Manifest(frame, str(source), [*notes, *range_note(files, value_range)])
    manifest._value_range = value_range
    return manifest, files, findings


def _listed(source: str | Path, layout: str) -> tuple[pd.DataFrame, list[str]]:
    """Return one row per file of the source, none opened yet, and notes on left out files."""
    folder = Path(source)
    if str(source).startswith(TFDS_PREFIX):
        from transferkit.data.sources.tfds.catalog import tfds_folder

        folder = tfds_folder(str(source))
    if folder.suffix.lower() == ".csv" and not os.path.isdir(folder):
        images = read_csv_list(folder)
        frame, notes = images.frame, list(images.notes)
        notes += check_paths(images.written, frame["path"].tolist(), folder)
    else:
        scan = scan_folder(folder, layout)
        # Not normalised: what `..` means after a link is the file system's to say.
        rows = [(str(Path(path).absolute()), label, split) for path, label, split in scan.rows]
        frame, notes = pd.DataFrame(rows, columns=list(COLUMNS[:3]), dtype=object), scan.notes
    return frame.reindex(columns=columns_of(frame), fill_value="").astype(object), notes
