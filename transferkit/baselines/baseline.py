"""A fitted baseline: a scikit-learn pipeline with its class names, in one file."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.pipeline import Pipeline

from transferkit.baselines.path_transformer import PathTransformer
from transferkit.config.settings import DataConfig
from transferkit.data.decoding.decode import require_list
from transferkit.errors import DataError, RunError, brief
from transferkit.storage.files import written_atomically

FOLDER = "baselines"  # in a run folder
FACTS = ("name", "classes", "fit_seconds", "details")  # kept in the file beside the pipeline


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Baseline:
    """A classifier by a scikit-learn pipeline; `pipeline` can be used without the rest.

    Attributes:
        pipeline: paths of images in; its own classes are numbers of `classes`.
        classes: names, in the order of the probabilities.
        fit_seconds: wall time of the search and the fit, reading the images included.
        details: the title, what was chosen, how many images and features there were.
    """

    name: str
    pipeline: Pipeline
    classes: tuple[str, ...]
    fit_seconds: float = 0.0
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    kind: Literal["network", "baseline"] = "baseline"

    def probabilities(self, paths: Sequence[str]) -> np.ndarray:
        """`(images, classes)` float32 for the image files `paths`, in order.

        A class that had no training image has the probability 0.

        Raises:
            DataError: one of them cannot be read.
            RunError: the classifier is of other features than its pipeline reads.
        """
        require_list(paths)
        found = np.zeros((len(paths), len(self.classes)), np.float32)
        if len(paths):
            try:
                found[:, self.pipeline.classes_] = self.pipeline.predict_proba(list(paths))
            except DataError:
                raise
            except ValueError as error:
                raise RunError(
                    f"The baseline {self.name!r} does not fit the features that it reads "
                    f"({brief(error)}): fit it anew."
                ) from error
        return found

    @property
    def data(self) -> DataConfig:
        """How it decodes images."""
        first = self.pipeline[0]
        if not isinstance(first, PathTransformer):
            return DataConfig()
        return DataConfig(
            resize=first.resize,  # type: ignore[arg-type]
            max_pixels=first.max_pixels,
            value_range=first.value_range,
        )

    @cached_property
    def content(self) -> bytes:
        """The file that `save` writes: no pickle, so that reading it runs nobody's code."""
        import skops.io  # half a second, for those who save

        facts = {name: getattr(self, name) for name in FACTS}
        return skops.io.dumps(
            {"pipeline": self.pipeline, **facts}, compression=zipfile.ZIP_DEFLATED, compresslevel=1
        )

    @property
    def megabytes(self) -> float:
        """What it takes on disk, with the weights of the backbone that it reads with."""
        beside = getattr(self.pipeline[0], "megabytes_beside", 0.0)
        return len(self.content) / 1e6 + beside

    def save(self, folder: str | Path) -> None:
        """Write `folder/baselines/NAME.skops`, whole or not at all."""
        with written_atomically(Path(folder) / FOLDER / f"{self.name}.skops") as temporary:
            temporary.write_bytes(self.content)

    def __repr__(self) -> str:
        width = self.details.get("features_width", 0)
        return (
            f"<Baseline {self.name}: {len(self.classes)} classes, {width:,} features, "
            f"fitted in {self.fit_seconds:.0f} s>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(str(key))}</td><td>{escape(str(value))}</td></tr>"
            for key, value in self.details.items()
        )
        return f"<p>{escape(repr(self))}</p><table>{rows}</table>"
