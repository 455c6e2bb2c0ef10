"""A small pretrained world: pocket at 32 px with its weights from a file, and its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferkit.backbones.networks import build_backbone
from transferkit.config import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of the embedded backbone, in a file of one's own."""
    path = tmp_path_factory.mktemp("weights") / "own.weights.h5"
    build_backbone("pocket", "embedded", 32).save_weights(path)
    return path


@pytest.fixture(scope="session")
def pretrained(weights_file: Path) -> Config:
    """Settings that fine-tune in seconds."""
    return Config(
        data=DataConfig(side=32),
        model=ModelConfig(backbone="pocket", weights=str(weights_file)),
        train=TrainConfig(epochs=1, head_epochs=3, batch=16, augment="flip"),
    )


@pytest.fixture(scope="session")
def scratch() -> Config:
    """Settings that train LeNet in seconds."""
    return Config(
        data=DataConfig(side=32),
        model=ModelConfig(backbone="lenet", weights="none"),
        train=TrainConfig(epochs=2, batch=16, augment="none"),
    )


@pytest.fixture(scope="session")
def manifest(shapes: Path) -> Manifest:
    """The drawn shapes, split."""
    return Manifest.read(shapes)
