"""What a command makes of the source that it is given: quiet libraries, and a name for the run."""

from __future__ import annotations

import re
from pathlib import Path

from transferkit.data.sources.tfds.metadata import TFDS_PREFIX
from transferkit.runtime.process import silence_tensorflow

UNNAMED = re.compile(r"[^\w.-]+")  # what is left out of the name of a run


def quiet_catalogue(source: str) -> None:
    """Silence TensorFlow where reading `source` loads it; a folder is read without it."""
    if source.startswith(TFDS_PREFIX):
        silence_tensorflow()


def run_name(source: str, backbone: str) -> str:
    """What a run on `source` is called, as the name of a folder: `flowers-mobilenet_v2`."""
    if source.startswith(TFDS_PREFIX):
        name = source.removeprefix(TFDS_PREFIX)
    else:
        name = Path(source).resolve().name.removesuffix(".csv")
    return f"{UNNAMED.sub('-', name).strip('-.') or 'images'}-{backbone}"
