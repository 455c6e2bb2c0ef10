"""Quantised networks, kept on disk between runs, by what they were made of."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import transferkit
from transferkit.inference.openvino.core import openvino_core
from transferkit.inference.openvino.no_telemetry import import_without_telemetry
from transferkit.storage.disk_cache import (
    NETWORK,
    NETWORKS,
    discard,
    features_folder,
    locked,
    log_not_cached,
    make_room,
    mark_used,
)
from transferkit.storage.files import digest, write_atomically

DIGEST, LENGTH = 32, 8  # bytes that a file begins with: of the rest, and how many its XML has
FORMAT = "1"  # of a file, and of the way of quantising: with another, all are made again
# What quantises, and what has a say in the crops that it looks at.
PACKAGES = ("openvino", "nncf", "numpy", "pillow", "scikit-image", "scikit-learn")


class QuantizedNetworkCache:
    """The place of what `model`, an `openvino.Model`, becomes when it is quantised.

    The operations of `model` are renamed: what they were called is not to decide that place.
    `bound` is in bytes, of all that is kept.

    Raises:
        OSError: there is no room for the temporary files by which `model` is known.
    """

    def __init__(self, model: Any, *, bound: int) -> None:
        self.root, self.bound = features_folder(), bound
        for number, node in enumerate(model.get_ordered_ops()):
            node.set_friendly_name(str(number))
        by = [FORMAT, transferkit.__version__, *map(version, PACKAGES)]
        key = digest(" ".join(by).encode(), *_serialised(model)).hex()[:32]
        self.path = self.root / NETWORKS / f"{key}{NETWORK}"

    def read(self) -> Any | None:
        """The quantised network, or None; one that is damaged is removed, which is said."""
        try:
            content = self.path.read_bytes()
        except OSError:  # there is none, or it is not ours to read
            return None
        mark_used(self.path)
        try:
            return _network_of(memoryview(content))
        except (ValueError, RuntimeError):
            discard(self.path, why="A cached int8 network was damaged and is made again")
            return None

    def write(self, network: Any) -> None:
        """Keep `network` here, if there is room; say once if that fails.

        What was of use the longest ago goes for it.
        """
        try:
            structure, weights = _serialised(network)
            parts = (len(structure).to_bytes(LENGTH, "little"), structure, weights)
            size = DIGEST + sum(map(len, parts))
            if size <= self.bound:
                with locked(self.root):
                    make_room(self.root, self.bound - size)
                    write_atomically(self.path, digest(*parts), *parts)
        except OSError as error:
            log_not_cached("Networks in int8", self.root, error)


def _network_of(content: memoryview) -> Any:
    """Return the network that `write` stored as `content`.

    Raises:
        ValueError: it is damaged.
        RuntimeError: OpenVINO cannot read it.
    """
    if content[:DIGEST] != digest(content[DIGEST:]):
        raise ValueError
    start = DIGEST + LENGTH
    end = start + int.from_bytes(content[DIGEST:start], "little")
    openvino = import_without_telemetry("openvino")
    weights = openvino.Tensor(np.frombuffer(content[end:], np.uint8))  # of bytes it makes copies
    return openvino_core().read_model(bytes(content[start:end]), weights)


def _serialised(model: Any) -> tuple[bytes, bytes]:
    """Its operations, as XML, and their constants.

    Raises:
        OSError: the temporary files cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("network.xml", "network.bin")]
        try:
            import_without_telemetry("openvino").serialize(model, *map(str, paths))
        except RuntimeError as error:
            raise OSError(f"in {tempfile.gettempdir()!r}: {error}") from error
        structure, weights = (path.read_bytes() for path in paths)
    return structure, weights
