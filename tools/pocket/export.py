"""The backbone of a student as the small file that comes with the package."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np

from transferkit.storage.files import written_atomically


def write_weights(student: keras.Model, path: Path) -> str:
    """Write the backbone's weights to `path` (.weights.h5) in float16; return the file's SHA-256.

    Keras loads it as any other file, into float32 variables. The same weights are the same bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.weights.h5"
        student.get_layer("pocket").save_weights(whole)
        with (
            h5py.File(whole) as source,
            written_atomically(path) as temporary,
            h5py.File(temporary, "w") as target,
        ):
            _copy(source, target)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy(source: h5py.Group, target: h5py.Group) -> None:
    for name, value in source.attrs.items():
        target.attrs[name] = value
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy(item, target.create_group(name))
        else:
            # Without the time of writing, which would be another digest each time.
            target.create_dataset(name, data=item[()].astype(np.float16), track_times=False)
