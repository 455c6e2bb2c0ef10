"""Every format, held to the same: it agrees in a fresh process, and its folder is whole."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from transferkit.config.settings import ModelConfig
from transferkit.export.exported import ExportedModel
from transferkit.export.formats import FORMATS, find_format
from transferkit.export.run import export_network, export_run
from transferkit.models.classifier import build_classifier
from transferkit.models.network import Network
from transferkit.training.tta import with_flip_tta

NEEDED = {row.name: row.modules for row in FORMATS}
QUICK = "onnx"  # whose runtime needs no TensorFlow
BY_FORMAT = [
    pytest.param(row.name, marks=[] if row.name == QUICK else pytest.mark.slow) for row in FORMATS
]


def labels_of_onnx(folder):
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "model.onnx")
    return session.get_modelmeta().custom_metadata_map["labels"]


def labels_of_openvino(folder):
    from transferkit.inference.openvino.core import openvino_core

    model = openvino_core().read_model(folder / "model.xml")
    return model.get_rt_info(["model_info", "labels"]).astype(str)


def labels_of_litert(folder):
    with zipfile.ZipFile(folder / "model.tflite") as archive:
        return archive.read("labels.txt").decode()


def labels_of_keras(folder):
    return "".join(f"{name}\n" for name in Network.load(folder / "model.keras").classes)


LABELS = {
    "keras": labels_of_keras,
    "saved_model": lambda folder: (folder / "model/1/assets.extra/labels.txt").read_text(),
    "litert": labels_of_litert,
    "litert-int8": labels_of_litert,
    "onnx": labels_of_onnx,
    "openvino": labels_of_openvino,
}
"""The class names that the model file itself holds."""


def require(to):
    for module in NEEDED[to]:
        pytest.importorskip(module)


@pytest.mark.parametrize("to", BY_FORMAT)
def test_an_export_agrees_and_its_folder_is_whole(to, run, network, reference):
    require(to)
    (folder,) = export_run(run, to)
    row = find_format(to)
    assert folder == run / "export" / to
    names = {path.name for path in folder.iterdir()}
    assert {"labels.txt", "export.json", "README.md", "predict.py"} <= names
    assert (folder / "labels.txt").read_text() == "circles\nsquares\nstripes\n"
    assert LABELS[to](folder) == "circles\nsquares\nstripes\n"
    facts = json.loads((folder / "export.json").read_text())
    parity = facts["parity"]
    assert parity["pixels"]["same_top1"] >= row.min_same_top1
    assert parity["script"]["images"] == len(reference.paths)
    assert parity["pixels"]["network_accuracy"] == parity["script"]["network_accuracy"]
    assert facts["files"] == {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in facts["files"]
    }
    assert (folder / row.model).exists()
    if row.max_difference is not None:
        assert parity["pixels"]["max_difference"] < 1e-4
    again = ExportedModel.load(folder)
    assert (again.classes, again.image_size) == (network.classes, network.image_size)
    answers, whole = again.probabilities(reference.paths), reference.probabilities
    assert (answers.argmax(axis=1) == whole.argmax(axis=1)).mean() >= row.min_same_top1
    assert again.probabilities([]).shape == (0, 3)
    assert again.probabilities(reference.paths[:1]).shape == (1, 3)  # any number at once
    assert json.loads((run / "exports.json").read_text())[0]["parity"] == facts["parity"]


@pytest.mark.parametrize("to", BY_FORMAT)
def test_its_program_needs_no_transferkit(to, run, reference, network):
    require(to)
    (folder,) = export_run(run, to)
    code = (
        "import runpy, sys; sys.modules['transferkit'] = None; "
        "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, folder / "predict.py", *reference.paths[:2], "lost.png"],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    first, second, lost = map(json.loads, ended.stdout.splitlines())
    assert [first["path"], second["path"], lost["path"]] == [*reference.paths[:2], "lost.png"]
    assert lost["problem"].startswith("[Errno 2] No such file")
    best = reference.probabilities[0].argmax()
    assert first["class"] == network.classes[best]
    assert first["probability"] == max(first["probabilities"])


@pytest.mark.slow
def test_several_formats_go_into_one_folder_each(run, tmp_path):
    require("onnx")
    folders = export_run(run, ["keras", "onnx"], out=tmp_path / "out")
    assert folders == [tmp_path / "out" / "keras", tmp_path / "out" / "onnx"]
    assert {entry["format"] for entry in json.loads((run / "exports.json").read_text())} == {
        "keras",
        "onnx",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        ModelConfig(backbone="pocket", weights="embedded", head="hidden"),
        ModelConfig(backbone="pocket", weights="embedded", image_sizes=(32, 64)),
        ModelConfig(backbone="pocket", weights="embedded", pooling="both"),
    ],
    ids=["hidden head", "two sizes", "both poolings"],
)
def test_a_network_of_any_kind_is_exported(model, network, manifest, tmp_path):
    from transferkit.export.reference import read_reference

    require("onnx")
    built = build_classifier(model, network.classes, image_size=max(model.image_sizes, default=32))
    other = replace(
        network, model=built, data=replace(network.data, image_size=built.input_shape[1])
    )
    reference = read_reference(other, manifest)
    record = export_network(other, find_format("onnx"), tmp_path / "export", reference=reference)
    assert record.parity["pixels"]["max_difference"] < 1e-4


@pytest.mark.parametrize("to", ["onnx", pytest.param("litert", marks=pytest.mark.slow)])
def test_a_network_with_flip_tta_is_exported(to, network, manifest, tmp_path):
    from transferkit.export.reference import read_reference

    require(to)
    other = replace(network, model=with_flip_tta(network.model))
    reference = read_reference(other, manifest)
    record = export_network(other, find_format(to), tmp_path / "export", reference=reference)
    assert record.parity["pixels"]["max_difference"] < 1e-4
    assert np.isfinite(record.megabytes)


def test_a_module_in_the_current_folder_is_not_run(network, reference, tmp_path, monkeypatch):
    (tmp_path / "keras.py").write_text("raise RuntimeError('of the current folder')", "utf-8")
    monkeypatch.chdir(tmp_path)
    record = export_network(network, find_format("keras"), tmp_path / "out", reference=reference)
    assert record.parity["pixels"]["same_top1"] == 1
