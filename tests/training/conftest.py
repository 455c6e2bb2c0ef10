"""A small pretrained world: MobileNet 0.25 at 32 px with weights from a file, and its settings."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from transferkit.backbones.networks import build_backbone
from transferkit.config import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights for mobilenet_025; random ones, which is as good for how they are handled."""
    keras.utils.set_random_seed(7)
    path = tmp_path_factory.mktemp("weights") / "mobilenet_025.weights.h5"
    build_backbone("mobilenet_025", "none", 32).save_weights(path)
    return path


@pytest.fixture(scope="session")
def pretrained(weights_file: Path) -> Config:
    """Settings that fine-tune in seconds."""
    return Config(
        data=DataConfig(side=32),
        model=ModelConfig(backbone="mobilenet_025", weights=str(weights_file)),
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
