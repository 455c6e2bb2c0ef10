"""OpenVINO and NNCF, imported without the package by which their makers learn of each use."""

from __future__ import annotations

import importlib
import sys
from typing import Any

REPORTER = "openvino_telemetry"


def import_without_telemetry(name: str) -> Any:
    """The module `name`, which finds no `openvino_telemetry` if it is imported for the first time.

    With it, each process that imports OpenVINO sends a message to Google Analytics and leaves a
    number in `~/intel`, and so does each quantisation, unless the user has said no in advance.
    """
    before = sys.modules.get(REPORTER)
    sys.modules[REPORTER] = None  # type: ignore[assignment]  # importing it fails, as if not there
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[REPORTER]
        if before is not None:
            sys.modules[REPORTER] = before
