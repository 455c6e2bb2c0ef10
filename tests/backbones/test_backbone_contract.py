"""The contract of a backbone: its row, the network that Keras builds for it, and uses of both."""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import engine_worlds as worlds
import keras
import numpy as np
import pytest
from keras.src.utils import file_utils
from split_worlds import parts_and_whole

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import BACKBONES, find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.weights import KERAS_BASE
from transferkit.config.settings import ModelConfig
from transferkit.models.classifier import build_classifier, extractor_of
from transferkit.models.split import split_at

pytestmark = pytest.mark.slow


def each(*rows: BackboneSpec) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name, scope="module")


every = each(*BACKBONES)
staged_ones = each(*(row for row in BACKBONES if row.stages))


@pytest.fixture(scope="module")
def network(row: BackboneSpec) -> keras.Model:
    """The network at the side that its row counts parameters at, or at the smallest if any do."""
    return build_backbone(row, "none", row.smallest_side if row.application else row.image_size)


@pytest.fixture(scope="module")
def staged(row: BackboneSpec) -> keras.Model:
    """The network that gives a map for each stage, for images of whatever side."""
    return build_backbone(row, "none", stages=True, any_side=True)


@pytest.fixture(scope="module")
def model(row: BackboneSpec) -> ModelConfig:
    """Settings with every stage that there is."""
    pooling = "stages_both" if row.stages else "auto"
    return resolve_model(ModelConfig(backbone=row.name, weights="none", pooling=pooling))


@pytest.fixture(scope="module")
def classifier(row: BackboneSpec, model: ModelConfig) -> keras.Model:
    """The classifier at the smallest side."""
    return build_classifier(model, ("a", "b", "c"), image_size=row.smallest_side)


def noise(image_size: int, images: int = 2) -> np.ndarray:
    """`(images, side, side, 3)` float32, 0..255."""
    shape = (images, image_size, image_size, 3)
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")


@every
def test_the_network_is_what_its_row_says(network: keras.Model, row: BackboneSpec) -> None:
    blocks = [layer.name for layer in network.layers if layer.name in row.blocks]
    assert (network.name, blocks) == (row.name, list(row.blocks))
    assert network.output_shape[-1] == row.width
    assert network.count_params() == row.parameters
    assert len(network.output_shape) == (4 if row.stages else 2)  # a map, or a vector


@every
def test_nothing_below_the_first_block_can_learn(network: keras.Model, row: BackboneSpec) -> None:
    names = [layer.name for layer in network.layers]
    below = network.layers[: names.index(row.blocks[0])]
    assert [layer.name for layer in below if layer.trainable_weights] == []


@every
def test_each_block_is_computed_from_one_tensor(network: keras.Model, row: BackboneSpec) -> None:
    names = [operation.name for operation in network.operations]
    entries = [network.operations[names.index(block) - 1].output for block in row.blocks]
    # Keras refuses a model whose output needs more than the inputs that it is given.
    uppers = [keras.Model(entry, network.output) for entry in entries]
    assert all(len(upper.layers) <= len(network.layers) for upper in uppers)


# The other networks of our own are of dense layers or pad every map: they can have any side.
@each(*(row for row in BACKBONES if row.application or row.name in ("lenet", "alexnet")))
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


def module_of(row: BackboneSpec) -> Any:
    """The module of `keras.applications` with the function that builds `row`."""
    home = getattr(keras.applications, row.application).__module__.rpartition(".")[2]
    return importlib.import_module(f"keras.applications.{home}")


@every
def test_pixels_are_scaled_as_keras_does_it(row: BackboneSpec) -> None:
    pixels, images = noise(8), keras.Input((8, 8, 3))
    # Keras 3.12 takes no model without a layer, which "inside" would be.
    ours = keras.Model(images, keras.layers.Identity()(preprocess(row, images)))(pixels)
    own = {"tf": pixels / 127.5 - 1, "lite": (pixels - 127) / 128}
    theirs = own.get(row.preprocessing, pixels / 255)
    if row.application:
        theirs = module_of(row).preprocess_input(pixels.copy())
    np.testing.assert_allclose(ours, theirs, atol=1e-4 if row.preprocessing == "caffe" else 1e-5)


@each(*(row for row in BACKBONES if row.weights_path))
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


@staged_ones
def test_each_stage_halves_the_map(row: BackboneSpec, staged: keras.Model) -> None:
    """Eight, sixteen and 32 pixels of the picture across to one of the map, as a rule."""
    lite, own = row.name.startswith("efficientnet_lite"), {"pocket": [2, 3, 4, 4]}
    own |= {"resnet20_cifar": [0, 1, 2], "resnet56_cifar": [0, 1, 2]}
    shapes = staged.compute_output_shape((1, row.image_size, row.image_size, 3))
    halvings = [round(math.log2(row.image_size / shape[1])) for shape in shapes]
    assert halvings == ([3, 4, 4, 5, 5, 5] if lite else own.get(row.name, [3, 4, 5]))
    assert len(row.stages) == len(halvings)


@staged_ones
def test_stages_leave_the_network_as_it_is(
    row: BackboneSpec, network: keras.Model, staged: keras.Model
) -> None:
    """Its layers and their order decide what a block is, and which weight is which."""
    assert staged.name == row.name
    assert [each.name for each in staged.layers] == [each.name for each in network.layers]
    assert [each.shape for each in staged.weights] == [each.shape for each in network.weights]
    assert network.operations[-1].name == row.stages[-1]
    assert network.operations[-1].output is network.output


@pytest.mark.parametrize("name", ["softmax_regression", "mlp", "lenet", "alexnet"])
def test_a_network_that_ends_in_a_vector_has_no_stages(name: str) -> None:
    assert find_backbone(name).stages == ()
    plain, staged = (build_backbone(name, "none", stages=each) for each in (False, True))
    assert staged.output.shape == plain.output.shape


@pytest.mark.parametrize("name", ["mobilenet_025", "convnext_tiny", "mobilenet_v3_small"])
def test_a_staged_network_reloads(name: str, tmp_path: Path) -> None:
    staged = build_backbone(name, "none", stages=True, any_side=True)
    staged.save(tmp_path / "staged.keras")
    again = keras.saving.load_model(tmp_path / "staged.keras")
    images = noise(64, 1) / 127.5 - 1
    for one, other in zip(staged(images), again(images), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@every
def test_the_halves_of_a_classifier_say_what_the_whole_says(
    row: BackboneSpec, model: ModelConfig, classifier: keras.Model
) -> None:
    images, halves = noise(row.smallest_side), split_at(classifier, model, 1)
    shape, probabilities, features = parts_and_whole(halves, classifier, images)
    assert shape == (2, halves.width)
    np.testing.assert_allclose(*probabilities, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(*features, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
@every
def test_openvino_says_what_keras_says(row: BackboneSpec, classifier: keras.Model) -> None:
    """At the smallest side, of every stage that it has. ConvNeXt's graph calls functions."""
    engine = worlds.engine_of(extractor_of(classifier), "openvino")
    assert engine.name == "openvino"
    images = worlds.images(3, row.smallest_side)
    found, plain = next(iter(engine.run([images]))), [each.numpy() for each in engine.plain(images)]
    assert worlds.cosine_of(found, plain) > 0.99999
