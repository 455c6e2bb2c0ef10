"""A server of weights on this machine, and a cache of Keras' that is empty."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pytest

from transferkit.backbones import download
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import BackboneSpec


class Shelf(SimpleHTTPRequestHandler):
    """Serves a folder and keeps what it was asked for; the first `failures` are refused."""

    failures = 0
    pause = 0.0  # seconds before it answers whether there is a file
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        time.sleep(self.pause)
        super().do_HEAD()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if len(self.asked) <= self.failures:
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder of weights, moved; nothing is in it, nor is the folder there."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def row(tmp_path: Path) -> BackboneSpec:
    """A row whose weights are a small file of the server's."""
    shelf = tmp_path / "shelf" / "small"
    shelf.mkdir(parents=True)
    with h5py.File(shelf / "small_notop.h5", "w") as file:
        file["values"] = np.arange(40_000)
    digest = hashlib.md5((shelf / "small_notop.h5").read_bytes()).hexdigest()
    facts = {"name": "small", "weights_path": "small/small_notop.h5", "weights_hash": digest}
    return replace(find_backbone("mobilenet_025"), **facts)


@pytest.fixture
def served(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shelf]]:
    """A mirror on this machine, and what it was asked for."""
    shelf = type("OwnShelf", (Shelf,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(shelf, directory=tmp_path / "shelf"))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("TRANSFERKIT_MIRROR", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(download, "RETRY_DELAYS", (0.0, 0.01, 0.01))
    yield shelf
    server.shutdown()
    server.server_close()
