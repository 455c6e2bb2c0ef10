"""Reader of the tensors in a checkpoint of PyTorch's legacy format, without PyTorch."""

from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC_NUMBER, PROTOCOL_VERSION = 0x1950A86A20F9469CFC6C, 1001  # torch.serialization's own
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
}


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of the state dictionary in the file `path`, by their names.

    The file is five pickles (magic number, protocol, platform, state dictionary, keys of the
    storages), then the length and the values of each storage. The unpickler knows three names
    and raises at any other: nothing in the file is executed.

    Raises:
        ValueError: the file is of another format, truncated, or asks for anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except (pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no PyTorch file in the legacy format: {error}") from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    head = [_Unpickler(file, {}).load() for _ in range(3)]
    if head[:2] != [MAGIC_NUMBER, PROTOCOL_VERSION] or not head[2]["little_endian"]:
        raise pickle.UnpicklingError("the head is another format's")
    storages: dict[str, _Storage] = {}
    tensors = _Unpickler(file, storages).load()
    for key in _Unpickler(file, {}).load():
        storages[key].read(file)
    return {name: tensor.values() for name, tensor in tensors.items()}


class _Storage:
    """The flat memory of one or more tensors, read after the tensors that are views of it."""

    def __init__(self, dtype: str, size: int) -> None:
        self.dtype, self.size = np.dtype(dtype), size
        self.values = np.empty(0, self.dtype)

    def read(self, file: BinaryIO) -> None:
        length = int.from_bytes(file.read(8), "little")
        content = file.read(self.size * self.dtype.itemsize)
        if length != self.size or len(content) != self.size * self.dtype.itemsize:
            raise EOFError("a storage is truncated")
        self.values = np.frombuffer(content, self.dtype)


class _Tensor:
    """A view of a storage; as PyTorch pickles it, with arguments that are of no use here."""

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        stride: tuple[int, ...],
        *_: Any,
    ) -> None:
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride

    def values(self) -> np.ndarray:
        used = self.offset + sum(
            step * (side - 1) for step, side in zip(self.stride, self.shape, strict=True)
        )
        if self.offset < 0 or min(self.stride, default=0) < 0 or used >= self.storage.size:
            raise pickle.UnpicklingError("a tensor is larger than its storage")
        steps = [step * self.storage.dtype.itemsize for step in self.stride]
        flat = self.storage.values[self.offset :]
        return np.lib.stride_tricks.as_strided(flat, self.shape, steps).copy()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self.storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, identifier: Any) -> _Storage:
        _, dtype, key, _, size, _ = identifier
        return self.storages.setdefault(key, _Storage(dtype, size))
