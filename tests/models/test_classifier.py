from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import blocks_to_unfreeze
from transferkit.config.settings import ModelConfig
from transferkit.errors import ConfigError
from transferkit.models.classifier import build_classifier, dropout_of, extractor_of
from transferkit.models.freezing import unfreeze_blocks

pytestmark = pytest.mark.slow

CLASSES = ("a", "b", "c")
PLAIN = ModelConfig(backbone="mobilenet_025", weights="none")
ROW = find_backbone("mobilenet_025")


def images(number: int = 2, image_size: int = 32) -> np.ndarray:
    return (
        np.random.default_rng(0)
        .uniform(0, 255, (number, image_size, image_size, 3))
        .astype("float32")
    )


def build(**settings: object) -> keras.Model:
    return build_classifier(dataclasses.replace(PLAIN, **settings), CLASSES, image_size=32)


@pytest.mark.parametrize("pooling", ["avg", "max", "both"])
@pytest.mark.parametrize("head", ["linear", "hidden"])
def test_probabilities_sum_to_one(pooling: str, head: str) -> None:
    found = build(pooling=pooling, head=head, hidden_units=8).predict(images(), verbose=0)
    assert found.shape == (2, 3)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_both_poolings_double_the_width() -> None:
    assert build(pooling="both").get_layer("features").output.shape[-1] == 2 * ROW.width


def test_the_hidden_layer_takes_its_settings() -> None:
    head = build(head="hidden", hidden_units=9, hidden_activation="gelu").get_layer("head")
    hidden = head.get_layer("hidden")
    assert (hidden.units, hidden.activation.__name__) == (9, "gelu")


def test_an_unknown_activation_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        build(head="hidden", hidden_activation="rellu")
    assert str(caught.value) == (
        "Keras has no activation 'rellu' or no initialiser 'he_normal': "
        "names such as 'relu', 'gelu' and 'he_normal' are right."
    )


def test_probabilities_are_float32_under_a_mixed_policy() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == "float32"


def test_nothing_of_the_backbone_learns_while_no_block_is_released() -> None:
    model = build()
    unfreeze_blocks(model, ROW, 0, pretrained=True)
    assert len(model.trainable_weights) == 2  # the head's kernel and bias


def test_the_last_block_and_nothing_below_it_learns() -> None:
    model = build()
    unfreeze_blocks(model, ROW, 1, pretrained=True)
    layers = model.get_layer(ROW.name).layers
    names = [layer.name for layer in layers]
    below = layers[: names.index(ROW.blocks[-1])]
    above = layers[names.index(ROW.blocks[-1]) :]
    assert not any(layer.trainable_weights for layer in below)
    assert any(layer.trainable_weights for layer in above)


@pytest.mark.parametrize("number", range(len(ROW.blocks) + 1))
def test_pretrained_batch_normalisation_never_learns(number: int) -> None:
    model = build()
    unfreeze_blocks(model, ROW, number, pretrained=True)
    layers = model.get_layer(ROW.name).layers
    normalising = [each for each in layers if isinstance(each, keras.layers.BatchNormalization)]
    assert normalising
    assert not any(layer.trainable for layer in normalising)


def test_batch_normalisation_learns_from_random_weights() -> None:
    model = build()
    unfreeze_blocks(model, ROW, len(ROW.blocks), pretrained=False)
    layers = model.get_layer(ROW.name).layers
    normalising = [each for each in layers if isinstance(each, keras.layers.BatchNormalization)]
    assert normalising
    assert all(layer.trainable for layer in normalising)


@pytest.mark.parametrize(
    ("unfreeze", "pretrained", "number"),
    [
        ("none", True, 0),
        ("last", True, 1),
        ("all", True, 5),
        ("auto", True, 1),
        ("auto", False, 5),
        ("3", True, 3),
        ("0", True, 0),
    ],
)
def test_release_means_a_number_of_blocks(unfreeze: str, pretrained: bool, number: int) -> None:
    assert blocks_to_unfreeze(ROW, unfreeze, pretrained=pretrained) == number


def test_more_blocks_than_there_are_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        blocks_to_unfreeze(ROW, "6", pretrained=True)
    assert str(caught.value) == (
        "The setting 'unfreeze' is 6: mobilenet_025 has 5 blocks, so it should be that or less, "
        "or all."
    )


def test_the_extractor_of_a_classifier_shares_its_layers() -> None:
    model = build()
    extractor = extractor_of(model)
    assert extractor.get_layer(ROW.name) is model.get_layer(ROW.name)
    assert extractor.predict(images(), verbose=0).shape == (2, ROW.width)


def test_no_layer_of_the_model_augments() -> None:
    """An export leaves augmenting layers switched on, so there must be none to leave."""
    model = build()
    pixels = images(1)
    assert np.array_equal(model(pixels, training=False), model(pixels, training=False))
    kinds = {type(layer).__name__ for layer in model.layers}
    assert not any(kind.startswith("Random") for kind in kinds)


@pytest.mark.parametrize(
    ("settings", "learning_rate"),
    [
        ({"backbone": "pocket"}, 0.0),
        ({"backbone": "pocket", "head": "hidden"}, 0.2),
        ({"backbone": "lenet", "weights": "none"}, 0.2),
        ({"backbone": "pocket", "dropout": 0.3}, 0.3),
    ],
)
def test_dropout_is_left_out_before_a_head_that_is_solved(
    settings: dict[str, object], learning_rate: float
) -> None:
    assert dropout_of(ModelConfig(**settings)) == learning_rate  # type: ignore[arg-type]
