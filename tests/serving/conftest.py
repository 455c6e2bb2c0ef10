"""A small run, and files of which one cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from transferkit.storage.run import Run


@pytest.fixture(scope="module")
def run(lenet_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy of the run of LeNet, which may be written to."""
    return Run.open(shutil.copytree(lenet_run, tmp_path_factory.mktemp("predictor") / "run"))


@pytest.fixture
def mixed(shapes: Path, tmp_path: Path) -> list[str]:
    """Two good files with a broken one between them."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    good = sorted((shapes / "circles").iterdir())[:2]
    return [str(good[0]), str(broken), str(good[1])]
