"""The one list of images that every classifier reads: path, label, split, group, problem."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferkit.config import DataConfig
from transferkit.data.checking import check_rows
from transferkit.data.csv_list import read_csv_list
from transferkit.data.decode import FORMATS
from transferkit.data.files import inspect_files
from transferkit.data.oddities import oddities
from transferkit.data.scan import scan_folder
from transferkit.data.splits import split_groups
from transferkit.errors import DataError, unknown_name
from transferkit.runs import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = ("path", "label", "split", "group", "problem")
SPLITS = ("train", "validation", "test")
CATALOGUE = "tfds:"  # what a source starts with that is a set of tensorflow-datasets


class Manifest:
    """One row a file, as the pandas frame `frame`; a row with a problem is in no split.

    Attributes:
        frame: `COLUMNS`, all text; `path` is absolute, `split` one of `SPLITS` or empty.
        source: what it was made from.
        notes: sentences on what was left out and what is unusual.
    """

    def __init__(self, frame: pd.DataFrame, source: str = "", notes: Sequence[str] = ()) -> None:
        self.frame = frame.loc[:, list(COLUMNS)].reset_index(drop=True)
        self.source = source
        self.notes = tuple(notes)

    @classmethod
    def read(
        cls, source: str | Path, data: DataConfig = DataConfig(), *, seed: int = 0
    ) -> Manifest:
        """The images of a folder, a .csv file or `tfds:NAME`: checked, grouped and split.

        Files that cannot be read keep their row, with the problem. A source's own splits are kept;
        what is missing of them is taken from its training images.

        Raises:
            DataError: there is nothing to learn from in it, or `data.strict` and a file is bad.
        """
        return read_and_inspect(source, data, seed=seed)[0]

    @classmethod
    def load(cls, path: str | Path) -> Manifest:
        """The manifest that `save` wrote, its files not looked at again.

        Raises:
            DataError: it is no such file.
        """
        frame = read_csv_list(Path(path))
        missing = [name for name in COLUMNS if name not in frame]
        if missing:
            raise DataError(f"{str(path)!r} is not a manifest: it has no column {missing[0]!r}.")
        return cls(frame, str(path))

    def save(self, path: str | Path) -> None:
        """Write it as CSV (RFC 4180), whole or not at all."""
        # With these line ends, a name that has either of the two characters in it is quoted.
        write_text(Path(path), self.frame.to_csv(index=False, lineterminator="\r\n"))

    @property
    def usable(self) -> pd.DataFrame:
        """The rows without a problem."""
        return self.frame[self.frame["problem"] == ""]

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

    def truth(self, rows: pd.DataFrame) -> np.ndarray:
        """`(images,)` int64, the number of each row's class in `classes`."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers[label] for label in rows["label"]], dtype=np.int64)

    def counts(self) -> pd.DataFrame:
        """Usable images by class (rows) and split (columns)."""
        found = Counter(zip(self.usable["label"], self.usable["split"], strict=True))
        table = [[found[name, split] for split in SPLITS] for name in self.classes]
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
    source: str | Path, data: DataConfig, *, seed: int
) -> tuple[Manifest, pd.DataFrame]:
    """What `Manifest.read` gives, and what `inspect_files` said of the file of each of its rows."""
    frame, notes = _listed(source)
    files = inspect_files(frame["path"].tolist(), data.max_pixels)
    frame, more = check_rows(frame, files, data)
    notes += more + oddities(files)
    _require_classes(frame, str(source))
    notes += _assign_splits(frame, data, seed)
    _require_test(frame, str(source))
    notes += _rare_classes(frame)
    return Manifest(frame, str(source), notes), files


def _listed(source: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """A row a file as the source has them, no file opened yet, and notes on what is left out."""
    folder = Path(source)
    if str(source).startswith(CATALOGUE):
        from transferkit.data.catalogue import catalogue_folder

        folder = catalogue_folder(str(source))
    if folder.suffix.lower() == ".csv" and not os.path.isdir(folder):
        frame, notes = read_csv_list(folder), []
    else:
        scan = scan_folder(folder)
        # Not normalised: what `..` means after a link is the file system's to say.
        rows = [(str(Path(path).absolute()), label, split) for path, label, split in scan.rows]
        frame, notes = pd.DataFrame(rows, columns=list(COLUMNS[:3]), dtype=object), scan.notes
    return frame.reindex(columns=list(COLUMNS), fill_value="").astype(object), notes


def _require_classes(frame: pd.DataFrame, name: str) -> None:
    usable = frame[frame["problem"] == ""]
    if usable.empty:
        first = frame.iloc[0]
        raise DataError(
            f"None of the {len(frame)} files of {name!r} can be used: the first, "
            f"{first['path']!r}, {first['problem']}; put whole images ({', '.join(FORMATS)}) there."
        )
    classes = usable["label"].unique()
    if len(classes) == 1:
        raise DataError(
            f"{name!r} has one class with images that can be read, {classes[0]!r}: "
            "there should be at least two; add images of another."
        )


def _assign_splits(frame: pd.DataFrame, data: DataConfig, seed: int) -> list[str]:
    """Fill in `split` for the usable rows, in place; say what was made of the source's own."""
    good = frame["problem"] == ""
    frame.loc[~good, "split"] = ""
    found, notes = set(frame.loc[good, "split"]), []
    if "" in found and found != {""}:
        lost = frame.loc[good & (frame["split"] == ""), "path"].iloc[0]
        raise DataError(f"{lost!r} has no split and other images do: give one to all or to none.")
    if found == {"train"}:
        notes.append("Only train/ has images: they were split as a folder without splits is.")
        frame.loc[good, "split"], found = "", {""}
    if "train" not in found and found != {""}:
        raise DataError(
            f"Images are in the splits {', '.join(sorted(found))} and none is in train: "
            "put images to learn from there, or give no splits."
        )
    if found == {"train", "validation"}:
        notes.append(
            "There is no test split, so the validation split is the test: nothing is chosen on it, "
            "and a new validation split was taken from train."
        )
        frame.loc[frame["split"] == "validation", "split"] = "test"
        found = {"train", "test"}
    if found == set(SPLITS):
        return notes
    pool = frame.index[good & frame["split"].isin(["", "train"])]
    rows = frame.loc[pool].sort_values("path")  # the order of a list decides nothing
    frame.loc[rows.index, "split"] = split_groups(
        rows["label"].tolist(),
        rows["group"].tolist(),
        validation=data.validation,
        test=data.test if found == {""} else 0.0,
        seed=seed,
    )
    return notes


def _require_test(frame: pd.DataFrame, name: str) -> None:
    if (frame["split"] == "test").any():
        return
    raise DataError(
        f"No image of {name!r} can be kept for the test: no class has two that are not copies of "
        "each other or of one group; add images."
    )


def _rare_classes(frame: pd.DataFrame) -> list[str]:
    """Sentences on classes that cannot be learnt or scored."""
    usable = frame[frame["problem"] == ""]
    notes = []
    for split, meaning in (("train", "cannot be learnt"), ("test", "is not scored")):
        seen = set(usable.loc[usable["split"] == split, "label"])
        for label in sorted(set(usable["label"]) - seen):
            count = int((usable["label"] == label).sum())
            notes.append(f"Class {label!r} has no image in {split} (of {count}): it {meaning}.")
    return notes
