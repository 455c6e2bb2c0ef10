"""Each row of the table against the network that Keras builds for it."""

from __future__ import annotations

import dataclasses
import importlib
import re
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import BACKBONES
from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.weights import KERAS_BASE

pytestmark = pytest.mark.slow

PRETRAINED = [row for row in BACKBONES if row.weights_path]


@pytest.fixture(scope="module", params=BACKBONES, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> BackboneSpec:
    return request.param


@pytest.fixture(scope="module")
def network(row: BackboneSpec) -> keras.Model:
    """The network at the side that its row counts parameters at, or at the smallest if any do."""
    return build_backbone(row, "none", row.smallest_side if row.application else row.image_size)


def entry(network: keras.Model, block: str) -> keras.KerasTensor:
    """What the operation before `block` gives."""
    names = [operation.name for operation in network.operations]
    return network.operations[names.index(block) - 1].output


def test_the_network_has_the_name_of_its_row(network: keras.Model, row: BackboneSpec) -> None:
    assert network.name == row.name


def test_the_features_are_as_wide_as_the_row_says(network: keras.Model, row: BackboneSpec) -> None:
    assert network.output_shape[-1] == row.width


def test_pretrained_networks_end_in_a_map_and_the_others_in_a_vector(
    network: keras.Model, row: BackboneSpec
) -> None:
    assert len(network.output_shape) == (4 if row.pretrained else 2)


def test_the_network_has_as_many_parameters_as_the_row_says(
    network: keras.Model, row: BackboneSpec
) -> None:
    assert network.count_params() == row.parameters


def test_the_blocks_stand_in_order(network: keras.Model, row: BackboneSpec) -> None:
    assert [layer.name for layer in network.layers if layer.name in row.blocks] == list(row.blocks)


def test_nothing_below_the_first_block_can_learn(network: keras.Model, row: BackboneSpec) -> None:
    names = [layer.name for layer in network.layers]
    below = network.layers[: names.index(row.blocks[0])]
    assert not any(layer.trainable_weights for layer in below)


def test_each_block_is_computed_from_one_tensor(network: keras.Model, row: BackboneSpec) -> None:
    # Keras refuses a model whose output needs more than the inputs that it is given.
    uppers = [keras.Model(entry(network, block), network.output) for block in row.blocks]
    assert all(len(upper.layers) <= len(network.layers) for upper in uppers)


@pytest.mark.parametrize(
    "row", [row for row in BACKBONES if not row.embedded], ids=lambda row: row.name
)
def test_keras_refuses_anything_below_the_smallest_side(row: BackboneSpec) -> None:
    image_size = row.smallest_side - 1
    bold = dataclasses.replace(row, smallest_side=image_size)
    try:
        shapes = [layer.output.shape for layer in build_backbone(bold, "none", image_size).layers]
    except ValueError as error:
        refusal = str(error)
    else:  # Keras 3.12 builds it with a map of no pixels
        refusal = "negative" if any(0 in shape for shape in shapes) else ""
    assert re.search(r"at least|must be|[Nn]egative", refusal)


def test_pixels_are_scaled_as_keras_does_it(row: BackboneSpec) -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, size=(2, 8, 8, 3)).astype("float32")
    images = keras.Input((8, 8, 3))
    # Keras 3.12 takes no model without a layer, which "inside" would be.
    ours = keras.Model(images, keras.layers.Identity()(preprocess(row, images)))(pixels)
    theirs = pixels / 127.5 - 1 if row.embedded else pixels / 255
    if row.application:
        theirs = module_of(row).preprocess_input(pixels.copy())
    np.testing.assert_allclose(ours, theirs, atol=1e-4 if row.preprocessing == "caffe" else 1e-5)


def module_of(row: BackboneSpec) -> Any:
    """The module of `keras.applications` with the function that builds `row`."""
    home = getattr(keras.applications, row.application).__module__.rpartition(".")[2]
    return importlib.import_module(f"keras.applications.{home}")


@pytest.mark.parametrize("row", PRETRAINED, ids=lambda row: row.name)
def test_the_weights_are_those_that_keras_would_fetch(
    row: BackboneSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, str]] = []

    def get_file(name: str, origin: str, file_hash: str = "", **_: Any) -> None:
        asked.append((name, origin, file_hash))
        raise ConnectionError("that was all there is to know")

    monkeypatch.setattr(file_utils, "get_file", get_file)
    function = getattr(keras.applications, row.application)
    with pytest.raises(ConnectionError):
        function(
            include_top=False,
            input_shape=(row.image_size, row.image_size, 3),
            **dict(row.arguments),
        )
    assert asked == [(row.weights_file, f"{KERAS_BASE}/{row.weights_path}", row.weights_hash)]
