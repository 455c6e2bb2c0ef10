"""The reader of PyTorch's legacy format: what it reads, and what it refuses to execute."""

from __future__ import annotations

import collections
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferkit.backbones.torch_file import MAGIC_NUMBER, PROTOCOL_VERSION, read_tensors


class Storage:
    """Stands for `torch.FloatStorage`, which is pickled as an identifier."""

    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key, self.values = key, values


class View:
    """Stands for a tensor; `what` is rebuilt from `arguments`."""

    def __init__(self, what: Any, *arguments: Any) -> None:
        self.what, self.arguments = what, arguments

    def __reduce__(self) -> Any:
        return self.what, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> Any:
        if not isinstance(thing, Storage):
            return None
        kind = sys.modules["torch"].FloatStorage
        return "storage", kind, thing.key, "cpu", len(thing.values), None


@pytest.fixture
def rebuild(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the function that a file names, in a module of PyTorch's name; it is not installed."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: Any) -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return _rebuild_tensor_v2


def write(path: Path, tensors: dict[str, Any], *storages: Storage) -> Path:
    with path.open("wb") as file:
        for part in (MAGIC_NUMBER, PROTOCOL_VERSION, {"little_endian": True}):
            pickle.dump(part, file, protocol=2)
        Pickler(file, protocol=2).dump(collections.OrderedDict(tensors))
        pickle.dump([storage.key for storage in storages], file, protocol=2)
        for storage in storages:
            file.write(len(storage.values).to_bytes(8, "little") + storage.values.tobytes())
    return path


def test_tensors_are_views_of_their_storage(tmp_path: Path, rebuild: Any) -> None:
    storage = Storage("0", np.arange(12, dtype=np.float32))
    tensors = {
        "rows": View(rebuild, storage, 0, (3, 4), (4, 1), False, {}),
        "turned": View(rebuild, storage, 0, (4, 3), (1, 4), False, {}),
        "end": View(rebuild, storage, 10, (2,), (1,), False, {}),
        "number": View(rebuild, storage, 7, (), (), False, {}),
    }
    read = read_tensors(write(tmp_path / "a.pth", tensors, storage))
    np.testing.assert_array_equal(read["rows"], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(read["turned"], np.arange(12).reshape(3, 4).T)
    np.testing.assert_array_equal(read["end"], [10, 11])
    assert read["number"] == 7
    assert read["rows"].dtype == np.float32


def test_nothing_else_is_executed(tmp_path: Path, rebuild: Any) -> None:
    made = tmp_path / "made"
    path = write(tmp_path / "a.pth", {"evil": View(os.mkdir, str(made))})
    with pytest.raises(ValueError, match="mkdir"):
        read_tensors(path)
    assert not made.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "stride"), [(8, (5,), (1,)), (-1, (2,), (1,)), (0, (4, 4), (4, 1))]
)
def test_a_tensor_that_is_larger_than_its_storage_is_refused(
    tmp_path: Path, rebuild: Any, offset: int, shape: Any, stride: Any
) -> None:
    storage = Storage("0", np.arange(12, dtype=np.float32))
    view = View(rebuild, storage, offset, shape, stride, False, {})
    with pytest.raises(ValueError, match="larger than its storage"):
        read_tensors(write(tmp_path / "a.pth", {"a": view}, storage))


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, rebuild: Any) -> None:
    storage = Storage("0", np.arange(12, dtype=np.float32))
    view = View(rebuild, storage, 0, (12,), (1,), False, {})
    content = write(tmp_path / "whole.pth", {"a": view}, storage).read_bytes()
    cut = tmp_path / "cut.pth"
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(ValueError, match="legacy format"):
            read_tensors(cut)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", pickle.dumps({"a": 1}), b"\x80\x02"])
def test_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="legacy format"):
        read_tensors(path)
