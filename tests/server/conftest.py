"""A small network, and an application around it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # newer ones prefer httpx2
    from fastapi.testclient import TestClient

from transferkit.models.network import Network
from transferkit.server.app import create_app
from transferkit.server.metrics import Metrics
from transferkit.server.registry import Registry
from transferkit.server.service import Service
from transferkit.server.settings import ServerConfig


@pytest.fixture(scope="session")
def run(lenet_run: Path) -> Path:
    return lenet_run


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
