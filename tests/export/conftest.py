"""One trained network for all tests of exports, its run folder, and its answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.export.reference import Reference, read_reference
from transferkit.models.classifier import CLASSES, HEAD
from transferkit.models.network import Network
from transferkit.training.train import train


@pytest.fixture(scope="session")
def network(pretrained: Config, manifest: Manifest) -> Network:
    """A linear head on pocket, for the shapes, of probabilities between 0 and 1."""
    config = replace(pretrained, train=replace(pretrained.train, unfreeze="none"))
    network = train(manifest, config)
    last = network.model.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([values / 4 for values in last.get_weights()])
    return replace(network, model=network.model)  # which has not been compiled


@pytest.fixture(scope="session")
def exported_run(
    network: Network,
    manifest: Manifest,
    pretrained: Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A run folder with this network; not to be written to."""
    folder = tmp_path_factory.mktemp("exports") / "run"
    folder.mkdir()
    network.save(folder)
    manifest.save(folder / "manifest.csv")
    (folder / "config.yaml").write_text(pretrained.to_yaml(), "utf-8")
    return folder


@pytest.fixture
def run(exported_run: Path, tmp_path: Path) -> Path:
    """A copy of the run, of the test's own."""
    return shutil.copytree(exported_run, tmp_path / "run")


@pytest.fixture(scope="session")
def reference(network: Network, manifest: Manifest) -> Reference:
    return read_reference(network, manifest, calibrated=True)


@pytest.fixture
def with_model(network: Network) -> Callable[..., Network]:
    """`with_model(model)`: the network with another Keras model."""
    return lambda model: replace(network, model=model)
