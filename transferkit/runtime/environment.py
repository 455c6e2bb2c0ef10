"""Environment of a run: versions, machine and commit, for environment.json."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import transferkit

PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "scikit-learn", "scikit-image", "pillow")


def environment(
    device_line: str, seed: int, *, packages: Sequence[str] = PACKAGES
) -> dict[str, Any]:
    """Return versions, machine, device, seed, command and commit; None for unknown ones."""
    return {
        "transferkit": transferkit.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in packages},
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "device": device_line,
        "seed": seed,
        "command": sys.argv,
        "commit": _commit(),
    }


def _version(name: str) -> str | None:
    """Return the version of the installed package `name`; None where its name is another.

    TensorFlow is also published as tensorflow-cpu, and under the names of vendors.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit of the checkout that the package runs from, if any."""
    root = Path(transferkit.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout.strip()


def processor() -> str:
    """Return the name of the processor, or of its architecture."""
    for line in cpuinfo().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpuinfo() -> str:
    """Return the content of /proc/cpuinfo; empty where the system has none."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
