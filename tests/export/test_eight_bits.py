"""8-bit integers in the backbone alone: a scale per stage, and a head in float32."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from transferkit.config.settings import ModelConfig
from transferkit.export.formats import find_format
from transferkit.export.runtimes import load_exported
from transferkit.export.writers import write_model
from transferkit.models.classifier import build_classifier

pytestmark = pytest.mark.slow  # each quantizes a network
ROW = find_format("litert-int8")


@pytest.fixture
def outputs_of(tmp_path):
    """`outputs_of(network, images)`: operator and output of each step of its int8 export."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")

    def outputs(network, images):
        write_model(network, ROW, tmp_path, images)
        model = interpreter.Interpreter(str(ROW.path(tmp_path)))
        tensors = {tensor["index"]: tensor for tensor in model.get_tensor_details()}
        steps = model._get_ops_details()
        return [(step["op_name"], tensors[step["outputs"][0]]) for step in steps]

    return outputs


def test_stages_have_scales_of_their_own_and_the_head_is_float(outputs_of, network, reference):
    outputs = outputs_of(network, reference.calibration)
    maps = [tensor for name, tensor in outputs if len(tensor["shape"]) == 4 and name != "QUANTIZE"]
    inner = [tensor for tensor in maps if tensor["dtype"] is np.int8]
    assert len(inner) > 10
    assert len({tensor["quantization"] for tensor in inner}) > len(inner) / 2
    head = [(name, tensor) for name, tensor in outputs if len(tensor["shape"]) == 2]
    assert {name for name, _ in head} >= {"MEAN", "REDUCE_MAX", "FULLY_CONNECTED", "SOFTMAX"}
    assert {tensor["dtype"] for _, tensor in head} == {np.float32}


@pytest.mark.parametrize(
    ("backbone", "layers"), [("softmax_regression", 0), ("mlp", 2), ("lenet", 2)]
)
def test_dense_layers_of_a_backbone_are_integers(backbone, layers, outputs_of, network, tmp_path):
    side = 32
    config = ModelConfig(backbone=backbone, weights="none")
    model = build_classifier(config, network.classes, image_size=side)
    other = replace(network, name=backbone, model=model)
    images = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), np.uint8)
    outputs = outputs_of(other, images)
    dense = [tensor["dtype"] for name, tensor in outputs if name == "FULLY_CONNECTED"]
    assert dense[-1] is np.float32
    assert dense[:-1] == [np.int8] * layers
    answers = load_exported(ROW, tmp_path)(images)
    assert answers.shape == (4, len(network.classes))
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
