"""A classifier cut in two says what the whole one says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from split_worlds import parts_and_whole

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import ModelConfig
from transferkit.models.classifier import build_classifier
from transferkit.models.freezing import unfreeze_blocks
from transferkit.models.split import split_at

pytestmark = pytest.mark.slow

CLASSES = ["circles", "squares", "stars"]


def pictures(image_size: int) -> np.ndarray:
    """`(2, side, side, 3)` float32, 0..255."""
    return (
        np.random.default_rng(0).uniform(0, 255, (2, image_size, image_size, 3)).astype(np.float32)
    )


POOLINGS = ("avg", "max", "both", "stages", "stages_both")


@pytest.mark.parametrize(
    ("pooling", "image_sizes", "blocks"),
    [
        *((pooling, (), blocks) for pooling in POOLINGS for blocks in range(1, 5)),
        *((pooling, (32, 64), 2) for pooling in ("avg", "stages", "stages_both")),
    ],
)
def test_at_any_block_with_any_pooling_and_sides(
    pooling: str, image_sizes: tuple[int, ...], blocks: int
) -> None:
    model = ModelConfig(backbone="pocket", weights="none", pooling=pooling, image_sizes=image_sizes)
    classifier = build_classifier(model, CLASSES, image_size=None if image_sizes else 48)
    images = pictures(classifier.input_shape[1])
    halves = split_at(classifier, resolve_model(model), blocks)
    shape, probabilities, features = parts_and_whole(halves, classifier, images)
    assert shape == (2, halves.width)
    np.testing.assert_allclose(*probabilities, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(*features, rtol=1e-4, atol=1e-5)


def test_what_learns_above_learns_in_the_whole() -> None:
    model = ModelConfig(backbone="pocket", weights="none")
    classifier = build_classifier(model, CLASSES, image_size=32)
    unfreeze_blocks(classifier, find_backbone("pocket"), 1, pretrained=True)
    halves = split_at(classifier, resolve_model(model), 1)
    assert {each.path for each in halves.above.trainable_variables} == {
        each.path for each in classifier.trainable_variables
    }
    images = pictures(32)
    activations, _ = halves.below(images, training=False)
    halves.above.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy")
    halves.above.fit(activations, np.eye(3)[:2], epochs=2, verbose=0)
    np.testing.assert_allclose(
        classifier(images, training=False), halves.above(activations, training=False), rtol=1e-4
    )
