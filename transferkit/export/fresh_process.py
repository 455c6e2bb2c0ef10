"""Probabilities of an export in a fresh process, as a program without the network gets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import transferkit
from transferkit.errors import ExportError, brief
from transferkit.export.agreement import augmentation_hint
from transferkit.export.formats import ExportFormat

# Without the current folder, whose keras.py would be imported in place of the library.
WORKER = (
    "import sys; sys.path = [path for path in sys.path if path]; "
    "from transferkit.export.worker import main; main()"
)


def answers_in_fresh_process(
    row: ExportFormat, folder: Path, images: np.ndarray, variants: Sequence[str] = ("same",)
) -> dict[str, np.ndarray]:
    """Return the probabilities of the export in `folder` for each of the `variants` of `images`.

    The key `NAME milliseconds` has the milliseconds per image of a variant.

    Raises:
        ExportError: the runtime cannot load or run it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "images.npy"
        np.save(path, images)
        request = {"images": str(path), "variants": list(variants)}
        return _answers(row, folder, request, Path(temporary))


def encoded_in_fresh_process(
    row: ExportFormat, folder: Path, files: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the probabilities for the contents of `files`, which TensorFlow decodes.

    Raises:
        ExportError: TensorFlow cannot load or run it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        return _answers(row, folder, {"files": list(files)}, Path(temporary))


def run_script(script: Path, files: Sequence[str]) -> list[dict[str, Any]]:
    """Run `predict.py` of an export on `files`, and return its lines, one object per file.

    Raises:
        ExportError: it fails.
    """
    command = [sys.executable, str(script), *files]
    output = _run(command, f"{script.name} of the export", environment=dict(os.environ))
    return [json.loads(line) for line in output.splitlines()]


def _answers(
    row: ExportFormat, folder: Path, request: Mapping[str, Any], temporary: Path
) -> dict[str, np.ndarray]:
    answers = temporary / "answers.npz"
    whole = {"format": row.name, "folder": str(folder), "answers": str(answers), **request}
    command = [sys.executable, "-c", WORKER]
    root = str(Path(transferkit.__file__).parent.parent)  # of a checkout that is not installed
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    title = f"The export to {row.title}"
    _run(command, title, environment=environment, request=json.dumps(whole))
    with np.load(answers) as arrays:
        return dict(arrays)


def _run(
    command: Sequence[str], title: str, *, environment: Mapping[str, str], request: str = ""
) -> str:
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONIOENCODING": "utf-8:surrogateescape"}
    ended = subprocess.run(
        command,
        input=request,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        env={**environment, **quiet},
    )
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"]
        reason = brief(RuntimeError(lines[-1]))
        raise ExportError(
            f"{title} cannot be run in a fresh process, so it is not written: "
            f"{reason}{augmentation_hint(lines[-1])}."
        )
    return ended.stdout
