"""The features of several stages, and of pictures at several sides."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.backbones.spec import STAGES
from transferkit.config.settings import ModelConfig
from transferkit.errors import ConfigError
from transferkit.models.classifier import build_classifier, build_extractor, extractor_of

pytestmark = pytest.mark.slow

POOLINGS = ("avg", "max", "both", "stages", "stages_both")


def pictures(image_size: int = 64, number: int = 2) -> np.ndarray:
    return (
        np.random.default_rng(0)
        .uniform(0, 255, (number, image_size, image_size, 3))
        .astype("float32")
    )


def halved(images: np.ndarray) -> np.ndarray:
    """Each pixel the mean of four."""
    number, image_size, _, _ = images.shape
    return images.reshape(number, image_size // 2, 2, image_size // 2, 2, 3).mean(axis=(2, 4))


def extractor(name: str, image_size: int | None = None, **settings: object) -> keras.Model:
    """An extractor whose weights are the same ones at every call."""
    keras.utils.set_random_seed(7)
    model = resolve_model(ModelConfig(backbone=name, weights="none", **settings))
    return build_extractor(model, image_size)


@pytest.mark.parametrize("name", ["mobilenet_025", "pocket", "mobilenet_v2", "convnext_tiny"])
def test_the_features_of_stages_are_the_means_of_their_maps_and_their_maxima(name: str) -> None:
    row, images = find_backbone(name), pictures()
    found, more = (extractor(name, 64, pooling=each)(images) for each in STAGES)
    keras.utils.set_random_seed(7)
    backbone = build_backbone(row, "none", 64)
    outputs = {each.name: each.output for each in backbone.operations}
    maps = keras.Model(backbone.input, [outputs[stage] for stage in row.stages])
    pixels = keras.Input((64, 64, 3))
    by_hand = keras.Model(pixels, maps(preprocess(row, pixels)))(images)
    means, maxima = ([way(each, axis=(1, 2)) for each in by_hand] for way in (np.mean, np.max))
    np.testing.assert_allclose(found, np.concatenate(means, axis=1), atol=1e-5)
    pairs = [each for pair in zip(means, maxima, strict=True) for each in pair]
    np.testing.assert_allclose(more, np.concatenate(pairs, axis=1), atol=1e-5)


@pytest.mark.parametrize("name", ["mobilenet_025", "pocket"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_features_of_two_sides_are_those_of_each(name: str, pooling: str) -> None:
    images = pictures()
    found = extractor(name, image_sizes=(32, 64), pooling=pooling)(images)
    small = extractor(name, 32, pooling=pooling)(halved(images))
    large = extractor(name, 64, pooling=pooling)(images)
    np.testing.assert_allclose(found, np.concatenate([small, large], axis=1), atol=1e-5)


def test_sides_come_in_the_order_of_the_setting() -> None:
    images = pictures()
    up, down = (extractor("pocket", image_sizes=each)(images) for each in ((32, 64), (64, 32)))
    width = up.shape[1] // 2
    np.testing.assert_array_equal(np.roll(up, width, axis=1), down)


def test_one_side_is_simply_the_side() -> None:
    images = pictures(32)
    one, other = extractor("pocket", image_sizes=(32,)), extractor("pocket", 32)
    np.testing.assert_array_equal(one(images), other(images))
    assert one.count_params() == other.count_params()


def test_several_sides_share_one_set_of_weights() -> None:
    model = extractor("mobilenet_025", image_sizes=(32, 64))
    assert model.count_params() == find_backbone("mobilenet_025").parameters


@pytest.mark.parametrize(("name", "means"), [("mobilenet_025", "avg"), ("pocket", "stages_both")])
def test_auto_is_what_the_row_says(name: str, means: str) -> None:
    images = pictures(32)
    auto, named = (extractor(name, 32, pooling=each)(images) for each in ("auto", means))
    np.testing.assert_array_equal(auto, named)


@pytest.mark.parametrize("pooling", ["auto", *POOLINGS])
def test_a_vector_stays_what_it_is(pooling: str) -> None:
    images = pictures(32)
    backbone = extractor("lenet", 32, pooling=pooling).get_layer("lenet")
    found = extractor_of(
        build_classifier(
            ModelConfig(backbone="lenet", weights="none", pooling=pooling),
            ("a", "b"),
            image_size=32,
        )
    )(images)
    assert found.shape == (2, backbone.output.shape[-1]) == (2, 84)


def test_the_averaging_is_in_float32_under_a_mixed_policy() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = extractor("mobilenet_025", image_sizes=(32, 64))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("side_32").output.dtype == "float32"


def test_another_side_than_the_largest_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        extractor("mobilenet_025", 32, image_sizes=(32, 64))
    assert str(caught.value) == (
        "The settings are --image-size 32 and --model.image-sizes 32 64: leave --image-size out, "
        "since images are decoded at the largest of them, 64."
    )
