"""The stages of each row against the network that Keras builds for it."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import BACKBONES, find_backbone
from transferkit.backbones.spec import BackboneSpec

pytestmark = pytest.mark.slow

STAGED = [row for row in BACKBONES if row.pretrained]


@pytest.fixture(scope="module", params=STAGED, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> BackboneSpec:
    return request.param


@pytest.fixture(scope="module")
def network(row: BackboneSpec) -> keras.Model:
    """The network at its smallest side, as it is without stages."""
    return build_backbone(row, "none", row.smallest_side)


@pytest.fixture(scope="module")
def staged(row: BackboneSpec) -> keras.Model:
    """The network that gives a map for each stage, for images of whatever side."""
    return build_backbone(row, "none", stages=True, any_side=True)


def test_there_are_three_stages_or_four(row: BackboneSpec) -> None:
    assert len(row.stages) in (3, 4)


def test_the_last_stage_is_what_the_network_ends_in(
    row: BackboneSpec, network: keras.Model
) -> None:
    assert network.operations[-1].name == row.stages[-1]
    assert network.operations[-1].output is network.output


def test_each_stage_halves_the_map(row: BackboneSpec, staged: keras.Model) -> None:
    """Eight, sixteen and 32 pixels of the picture across to one of the map."""
    shapes = staged.compute_output_shape((1, row.image_size, row.image_size, 3))
    halvings = [round(math.log2(row.image_size / shape[1])) for shape in shapes]
    assert halvings == ([2, 3, 4, 4] if row.name == "pocket" else [3, 4, 5])


def test_stages_leave_the_layers_and_their_order(
    row: BackboneSpec, network: keras.Model, staged: keras.Model
) -> None:
    """Which decide what a released block is, and which weight is which."""
    assert [each.name for each in staged.layers] == [each.name for each in network.layers]
    assert [each.shape for each in staged.weights] == [each.shape for each in network.weights]


def test_the_staged_network_has_the_name_of_its_row(row: BackboneSpec, staged: keras.Model) -> None:
    assert staged.name == row.name
    assert len(staged.outputs) == len(row.stages)


@pytest.mark.parametrize("name", ["lenet", "alexnet"])
def test_a_network_that_ends_in_a_vector_has_no_stages(name: str) -> None:
    assert find_backbone(name).stages == ()
    plain, staged = (build_backbone(name, "none", stages=each) for each in (False, True))
    assert staged.output.shape == plain.output.shape


@pytest.mark.parametrize("name", ["mobilenet_025", "convnext_tiny", "mobilenet_v3_small"])
def test_a_staged_network_reloads(name: str, tmp_path: Path) -> None:
    staged = build_backbone(name, "none", stages=True, any_side=True)
    staged.save(tmp_path / "staged.keras")
    again = keras.saving.load_model(tmp_path / "staged.keras")
    images = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype("float32")
    for one, other in zip(staged(images), again(images), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
