"""Where a run was made: versions, machine and commit, for environment.json."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import transferkit

PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "scikit-learn", "scikit-image", "pillow")


def environment(device_line: str, seed: int) -> dict[str, Any]:
    """Versions, machine, device, seed, command and commit, as plain values; None if not known."""
    return {
        "transferkit": transferkit.__version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "device": device_line,
        "seed": seed,
        "command": sys.argv,
        "commit": _commit(),
    }


def _version(name: str) -> str | None:
    """The version of the installed package `name`; None where it is installed as another.

    TensorFlow is also given out as tensorflow-cpu, and under the names of vendors.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the checkout that the package runs from, if it runs from one."""
    root = Path(transferkit.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def processor() -> str:
    """The processor's name, where the system tells it."""
    for line in cpuinfo().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpuinfo() -> str:
    """The content of /proc/cpuinfo; empty where the system has none."""
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""
