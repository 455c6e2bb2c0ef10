"""A small network, an application around it, and real servers in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # newer ones prefer httpx2
    from fastapi.testclient import TestClient

from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest
from transferkit.models.network import Network
from transferkit.server.app import create_app
from transferkit.server.metrics import Metrics
from transferkit.server.registry import Registry
from transferkit.server.service import Service
from transferkit.server.settings import ServerConfig
from transferkit.storage.run import Run
from transferkit.training.train import train

STOP_SECONDS = 60
LISTENING = re.compile(r"on (http://\S+) ")


@pytest.fixture(scope="session")
def run(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LeNet on the drawn shapes, trained for an epoch; not to be written to."""
    config = Config(
        data=DataConfig(image_size=32),
        model=ModelConfig(backbone="lenet"),
        train=TrainConfig(epochs=1, augment="none"),
    )
    run = Run.create(tmp_path_factory.mktemp("served") / "shapes")
    manifest = Manifest.read(shapes)
    manifest.save(run / "manifest.csv")
    (run / "config.yaml").write_text("model: {backbone: lenet}\n", encoding="utf-8")
    train(manifest, config, run=run)
    return run.folder


@pytest.fixture(scope="session")
def network(run: Path) -> Network:
    return Network.load(run)


@pytest.fixture(scope="session")
def registry(run: Path) -> Registry:
    return Registry({"shapes": run}, ServerConfig())


@pytest.fixture
def clients(registry: Registry) -> Iterator[Callable[..., TestClient]]:
    """`clients(token="...")`: a client of an application of these settings."""
    opened: list[TestClient] = []

    def make(**settings: Any) -> TestClient:
        service = Service(registry, ServerConfig(**settings), Metrics())
        client = TestClient(create_app(service), base_url="http://127.0.0.1:8000")
        opened.append(client.__enter__())
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(clients: Callable[..., TestClient]) -> TestClient:
    return clients()


@pytest.fixture(scope="session")
def files(shapes: Path) -> list[Path]:
    """An image of each class."""
    return [shapes / name / "003.png" for name in ("circles", "squares", "stripes")]


@dataclass
class Child:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def stderr(self) -> str:
        """What it has logged since the start, once it has ended."""
        return self.process.communicate(timeout=STOP_SECONDS)[1]


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Child]:
    """A server on a free port, of which `transferkit serve` is given `arguments`."""
    command = [sys.executable, "-m", "transferkit", "serve", *arguments, "--port", "0"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        yield Child(process, _listening(process))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _listening(process: subprocess.Popen[str]) -> str:
    """The address that the server logs."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if match := LISTENING.search(line):
            return match[1]
    raise AssertionError(f"the server does not listen: {lines}")
