"""A small run, and files of which one cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest
from transferkit.storage.run import Run
from transferkit.training.train import train


@pytest.fixture(scope="module")
def run(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """LeNet, trained for an epoch."""
    config = Config(
        data=DataConfig(image_size=32),
        model=ModelConfig(backbone="lenet"),
        train=TrainConfig(epochs=1, augment="none"),
    )
    run = Run.create(tmp_path_factory.mktemp("predictor") / "run")
    train(Manifest.read(shapes), config, run=run)
    return run


@pytest.fixture
def mixed(shapes: Path, tmp_path: Path) -> list[str]:
    """Two good files with a broken one between them."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    good = sorted((shapes / "circles").iterdir())[:2]
    return [str(good[0]), str(broken), str(good[1])]
