"""Nobody is told that OpenVINO or NNCF is used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import engine_worlds as worlds
import pytest

import transferkit
from transferkit.inference.openvino.no_telemetry import import_without_telemetry

pytestmark = pytest.mark.slow

MAKERS = ("openvino", "nncf")
RUN = """
import socket, sys

def refuse(*_, **__):
    raise SystemExit("somebody is told")

socket.socket.connect = socket.getaddrinfo = refuse
sys.path.insert(0, sys.argv[1])
import engine_worlds as worlds
from transferkit.inference.devices import resolve_precision

worlds.engine_of(worlds.pocket(), "openvino", resolve_precision(sys.argv[2]))
print([name for name in sys.modules if name.startswith("openvino_telemetry")])
"""


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_what_reports_to_the_makers_is_never_loaded(precision: str, tmp_path: Path) -> None:
    if find_spec("openvino_telemetry") is None or find_spec("nncf") is None:
        pytest.skip("OpenVINO is an extra")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(Path(worlds.__file__).parent), precision],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"HOME": str(tmp_path)},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "intel").exists()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def test_they_are_imported_in_no_other_way() -> None:
    files = sorted(Path(transferkit.__file__).parent.rglob("*.py"))
    names = [(path.name, name) for path in files for name in imports(path)]
    assert [pair for pair in names if pair[1].split(".")[0] in MAKERS] == []


def test_what_was_loaded_before_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino_telemetry", ast)
    assert import_without_telemetry("json").__name__ == "json"
    assert sys.modules["openvino_telemetry"] is ast
    monkeypatch.delitem(sys.modules, "openvino_telemetry")
    import_without_telemetry("json")
    assert "openvino_telemetry" not in sys.modules
