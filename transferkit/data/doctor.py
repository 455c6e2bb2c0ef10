"""A look at a folder before anything is trained: what is in it, and what of it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from transferkit.config import DataConfig
from transferkit.data.manifest import Manifest, read_and_inspect


@dataclass(frozen=True)
class Look:
    """What `look` found: the manifest, and a row a file as `inspect_files` gives them."""

    manifest: Manifest
    files: pd.DataFrame

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
            f"{widths.min()}x{heights.min()} to {widths.max()}x{heights.max()} pixels, "
            f"median {widths.median():.0f}x{heights.median():.0f}"
        )
        return [
            repr(self.manifest),
            f"Formats: {_counted(good['format'])}; modes: {_counted(good['mode'])}",
            f"Sizes: {sizes}; {good['bytes'].sum() / 1e6:.1f} MB",
        ]

    def _foot(self) -> list[str]:
        bad = self.manifest.quarantined
        lines = [f"Note: {note}" for note in self.manifest.notes]
        lines += [f"Left out: {row.path!r} {row.problem}." for row in bad.itertuples()]
        return ["", *lines] if lines else []


def look(source: str | Path, data: DataConfig = DataConfig(), *, seed: int = 0) -> Look:
    """Read the manifest of `source` (as `Manifest.read` does) and look into every file.

    Raises:
        DataError: there is nothing to learn from in it.
    """
    return Look(*read_and_inspect(source, data, seed=seed))


def _counted(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.value_counts().items())
