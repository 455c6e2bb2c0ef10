"""An exported model.onnx in onnxruntime-web, the runtime of browsers, under Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from transferkit.export.run import export_run

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parent.parent.parent / "tools" / "onnx_in_node.cjs"
PACKAGE = "onnxruntime-web"


def is_installed():
    """Let Node look for the package, from the script and in NODE_PATH."""
    if shutil.which("node") is None:
        return False
    command = ["node", "-e", f"require.resolve('{PACKAGE}')"]
    return not subprocess.run(command, cwd=SCRIPT.parent, capture_output=True).returncode


@pytest.mark.skipif(not is_installed(), reason=f"needs Node, and {PACKAGE} in NODE_PATH")
def test_a_browser_gets_the_same_probabilities(run, reference, tmp_path):
    pytest.importorskip("tf2onnx")
    (folder,) = export_run(run, "onnx")
    pixels = reference.pixels.astype(np.float32)
    pixels.tofile(tmp_path / "pixels.f32")
    shape = [str(number) for number in pixels.shape[:2]]
    ended = subprocess.run(
        ["node", SCRIPT, folder / "model.onnx", tmp_path / "pixels.f32", *shape],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    answers = np.array(json.loads(ended.stdout)["probabilities"])
    assert np.abs(answers - reference.probabilities).max() < 1e-4
