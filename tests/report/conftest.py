"""Classifiers that need no fitting, for comparisons of the drawn shapes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferkit.config.settings import Config, DataConfig
from transferkit.data.manifest import Manifest
from transferkit.report.comparison.report import Report, compare

EPOCH = {"loss": 0.9, "accuracy": 0.6, "val_loss": 1.0, "val_accuracy": 0.5, "learning_rate": 1e-3}


@dataclasses.dataclass
class Constant:
    """Gives every image the same class, with the same probability."""

    name: str
    kind: Any
    classes: tuple[str, ...]
    answer: int = 0
    fit_seconds: float = 0.5
    megabytes: float = 0.1
    summary: Any = dataclasses.field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()

    def probabilities(self, paths: Sequence[str]) -> np.ndarray:
        row = np.full(len(self.classes), 0.4 / (len(self.classes) - 1), np.float32)
        row[self.answer] = 0.6
        return np.tile(row, (len(paths), 1))

    def save(self, folder: Path) -> None:
        (folder / f"{self.name}.txt").write_text(str(self.answer))


@dataclasses.dataclass
class Reader(Constant):
    """Reads the label off the path, and errs on every `errs`-th image."""

    errs: int = 4

    def probabilities(self, paths: Sequence[str]) -> np.ndarray:
        rows = np.full((len(paths), len(self.classes)), 0.2 / (len(self.classes) - 1), np.float32)
        for position, path in enumerate(paths):
            index = self.classes.index(Path(path).parent.name)
            wrong = position % self.errs == self.errs - 1
            rows[position, (index + wrong) % len(self.classes)] = 0.8
        return rows


@pytest.fixture(scope="session")
def manifest(shapes: Path) -> Manifest:
    return Manifest.read(shapes, DataConfig(test_split=0.4))


@pytest.fixture(scope="session")
def answerers() -> Callable[[Manifest], list[Constant]]:
    """`answerers(manifest)`: a constant, a forest and a better network for its classes."""

    def make(manifest: Manifest) -> list[Constant]:
        history = [{"stage": stage, "epoch": 1, **EPOCH} for stage in ("head", "fine-tune")]
        classes = manifest.classes
        network = Reader("lenet", "network", classes, fit_seconds=20, history=history, errs=9)
        forest = Reader("random_forest_hog", "baseline", classes, summary={"trees": np.int64(9)})
        return [Constant("majority", "baseline", classes), forest, network]

    return make


@pytest.fixture(scope="session")
def classifiers(
    manifest: Manifest, answerers: Callable[[Manifest], list[Constant]]
) -> list[Constant]:
    return answerers(manifest)


@pytest.fixture(scope="session")
def report(manifest: Manifest, classifiers: list[Constant]) -> Report:
    return compare(classifiers, manifest, Config(), environment={"versions": {"keras": "3.15"}})


@pytest.fixture
def reported() -> Callable[[Path], Report]:
    """`reported(folder)`: the report of a network and a constant on a folder of images."""

    def make(folder: Path) -> Report:
        manifest = Manifest.read(folder, DataConfig(test_split=0.4))
        network = Reader("lenet", "network", manifest.classes)
        return compare([network, Constant("majority", "baseline", manifest.classes)], manifest)

    return make
