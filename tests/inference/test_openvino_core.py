"""The OpenVINO core: one per process."""

from __future__ import annotations

from pathlib import Path

import transferkit
from transferkit.inference.openvino import core

PACKAGE = Path(transferkit.__file__).parent


def test_the_core_is_made_in_one_module():
    makers = [path for path in PACKAGE.rglob("*.py") if ".Core()" in path.read_text("utf-8")]
    assert makers == [Path(core.__file__)]
