"""A classifier cut in two says what the whole one says."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from transferkit.backbones.catalog import BACKBONES, BackboneSpec
from transferkit.config.settings import ModelConfig
from transferkit.models.classifier import build_classifier, extractor_of
from transferkit.models.freezing import unfreeze_blocks
from transferkit.models.split import split_at

pytestmark = pytest.mark.slow

CLASSES = ["circles", "squares", "stars"]


def pictures(image_size: int) -> np.ndarray:
    """`(2, side, side, 3)` float32, 0..255."""
    return (
        np.random.default_rng(0).uniform(0, 255, (2, image_size, image_size, 3)).astype(np.float32)
    )


def halves_agree(model: ModelConfig, image_size: int | None, blocks: int) -> None:
    classifier = build_classifier(model, CLASSES, image_size=image_size)
    images = pictures(classifier.input_shape[1])
    halves = split_at(classifier, model, blocks)
    activations, features = halves.below(images, training=False)
    assert activations.shape == (2, halves.width)
    close = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(
        halves.above(activations, training=False), classifier(images, training=False), **close
    )
    expected = extractor_of(classifier)(images, training=False)
    np.testing.assert_allclose(features, expected, **close)


@pytest.mark.parametrize("row", BACKBONES, ids=lambda row: row.name)
def test_the_halves_of_every_backbone_say_what_the_whole_says(row: BackboneSpec) -> None:
    halves_agree(ModelConfig(backbone=row.name, weights="none"), row.smallest_side, 1)


@pytest.mark.parametrize("blocks", range(1, 5))
@pytest.mark.parametrize("pooling", ["avg", "max", "both", "stages", "stages_both"])
def test_at_any_block_with_any_pooling(pooling: str, blocks: int) -> None:
    model = ModelConfig(backbone="pocket", weights="none", pooling=pooling)  # type: ignore[arg-type]
    halves_agree(model, 48, blocks)


@pytest.mark.parametrize("pooling", ["avg", "stages", "stages_both"])
def test_with_several_sides(pooling: str) -> None:
    model = ModelConfig(backbone="pocket", weights="none", pooling=pooling, image_sizes=(32, 64))  # type: ignore[arg-type]
    halves_agree(model, None, 2)


def test_what_learns_above_learns_in_the_whole() -> None:
    model = ModelConfig(backbone="pocket", weights="none")
    classifier = build_classifier(model, CLASSES, image_size=32)
    row = next(row for row in BACKBONES if row.name == "pocket")
    unfreeze_blocks(classifier, row, 1, pretrained=True)
    halves = split_at(classifier, model, 1)
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
