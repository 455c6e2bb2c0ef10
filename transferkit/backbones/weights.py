"""Where a backbone's weights come from: nowhere, a file, Keras' cache, or a download into it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import h5py

from transferkit.backbones.download import download
from transferkit.backbones.row import Backbone
from transferkit.errors import WeightsError

KERAS_BASE = "https://storage.googleapis.com/tensorflow/keras-applications"
ENDINGS = (".h5", ".hdf5")  # those that `load_weights` reads as HDF5


def weights_path(row: Backbone, weights: str) -> Path | None:
    """The file with the weights of `row`: `weights` is none, imagenet, or the path of a file.

    imagenet is looked for in Keras' own cache, under Keras' own name for it, and downloaded into
    it if it is not there; the environment variable TRANSFERKIT_MIRROR replaces Keras' address.

    Raises:
        WeightsError: there is no such file, it is damaged, or it could not be downloaded.
    """
    if weights == "none":
        return None
    if weights == "imagenet":
        return _imagenet_file(row)
    return _given_file(weights)


def _given_file(weights: str) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "does not exist"
        raise WeightsError(
            f"The weights file {weights!r} {state}: --weights takes imagenet, none, "
            "or the path of a file with the weights of the backbone without its top."
        )
    if not path.name.endswith(ENDINGS) or not _is_hdf5(path):
        raise WeightsError(
            f"The weights file {weights!r} is not a readable HDF5 file: it should end in "
            ".weights.h5 or .h5 and be whole, as `model.save_weights` leaves it."
        )
    return path


def _imagenet_file(row: Backbone) -> Path:
    if not row.pretrained:
        raise WeightsError(
            f"The backbone {row.name!r} has no pretrained weights: "
            "pass --weights none to train it from random ones."
        )
    folders = _cache_folders()
    for folder in folders:
        cached = folder / row.weights_file
        if cached.is_file() and _is_whole(cached, row):
            return cached
    base = os.environ.get("TRANSFERKIT_MIRROR") or KERAS_BASE
    address = f"{base.rstrip('/')}/{row.weights_path}"
    try:
        return download(address, folders[0], is_whole=lambda path: _is_whole(path, row))
    except OSError as error:
        raise WeightsError(
            f"The ImageNet weights of {row.name!r} are not in Keras' cache, and {address} "
            f"cannot be had ({error}): put that file at {str(folders[0] / row.weights_file)!r}, "
            "name a mirror in TRANSFERKIT_MIRROR, or pass --weights FILE, --weights none, "
            "or --backbone lenet --weights none."
        ) from error


def _cache_folders() -> tuple[Path, Path]:
    """Where Keras keeps weights, and where it does so if its home cannot be written to."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    spare = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir())
    return home / "models", spare / ".keras" / "models"


def _is_whole(path: Path, row: Backbone) -> bool:
    """Whether `path` has the published digest of the weights of `row`, or at least opens."""
    if not row.weights_hash:
        return _is_hdf5(path)
    algorithm = "sha256" if len(row.weights_hash) == 64 else "md5"
    try:
        found = hashlib.new(algorithm, path.read_bytes(), usedforsecurity=False)
    except OSError:
        return False
    return found.hexdigest() == row.weights_hash


def _is_hdf5(path: Path) -> bool:
    try:
        with h5py.File(path, "r"):
            return True
    except OSError:
        return False
