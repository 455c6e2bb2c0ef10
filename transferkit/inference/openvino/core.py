"""The OpenVINO core of the process."""

from __future__ import annotations

from functools import cache
from typing import Any

from transferkit.inference.openvino.no_telemetry import import_without_telemetry


@cache
def openvino_core() -> Any:
    """Return the core of this process, which is never destroyed.

    Its CPU plugin gives the thread that loads it a stack for signals. Destroyed in another thread,
    it would leave the first without, and the next signal would end the process.
    """
    return import_without_telemetry("openvino").Core()
