"""Quantised networks, kept on disk between runs, by what they were made of."""

from __future__ import annotations

import hashlib
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import transferkit
from transferkit.training.blocks import write_whole
from transferkit.training.kept import (
    NETWORK,
    NETWORKS,
    discard,
    kept_folder,
    locked,
    make_room,
    touch,
)
from transferkit.training.untold import import_untold

FORMAT = "1"  # of a file, and of the way of quantising: with another, all are made again
# What quantises, and what has a say in the crops that it looks at.
PACKAGES = ("openvino", "nncf", "numpy", "pillow", "scikit-image", "scikit-learn")


class KeptNetwork:
    """The place of what `model`, an `openvino.Model`, becomes when it is quantised.

    The operations of `model` are renamed: what they were called is not to decide that place.
    `bound` is in bytes, of all that is kept.
    """

    def __init__(self, model: Any, *, bound: int) -> None:
        self.root, self.bound = kept_folder(), bound
        for number, node in enumerate(model.get_ordered_ops()):
            node.set_friendly_name(str(number))
        by = [FORMAT, transferkit.__version__, *map(version, PACKAGES)]
        about = hashlib.sha256(" ".join(by).encode())
        for part in _serialised(model):
            about.update(part)
        self.path = self.root / NETWORKS / f"{about.hexdigest()[:32]}{NETWORK}"

    def read(self) -> Any | None:
        """The quantised network, or None; one that is damaged is removed, which is said."""
        try:
            content = self.path.read_bytes()
        except OSError:  # there is none, or it is not ours to read
            return None
        touch(self.path)
        digest, _, rest = content.partition(b"\n")
        if digest != _digest(rest):
            discard(self.path, why="A quantised network was damaged and is made again")
            return None
        length, _, parts = rest.partition(b"\n")
        structure, weights = parts[: int(length)], parts[int(length) :]
        return import_untold("openvino").Core().read_model(structure, weights)

    def write(self, network: Any) -> None:
        """Keep `network` here, if there is room; what was of use the longest ago goes for it."""
        structure, weights = _serialised(network)
        rest = b"%d\n%b%b" % (len(structure), structure, weights)
        content = _digest(rest) + b"\n" + rest
        if len(content) > self.bound:
            return
        try:
            with locked(self.root):
                make_room(self.root, self.bound - len(content))
                write_whole(self.path, content)
        except OSError:  # it is made again next time; of features, which follow, it is said
            return


def _serialised(model: Any) -> tuple[bytes, bytes]:
    """Its operations, as XML, and their constants."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("network.xml", "network.bin")]
        import_untold("openvino").serialize(model, *map(str, paths))
        structure, weights = (path.read_bytes() for path in paths)
    return structure, weights


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
