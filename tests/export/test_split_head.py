"""The head for 8-bit integers: the same function, without one scale for all pooled vectors."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from transferkit.config.settings import ModelConfig
from transferkit.export.split_head import with_split_head
from transferkit.models.classifier import build_classifier
from transferkit.training.tta import with_flip_tta

CLASSES = ("a", "b", "c")


def classifier(**settings):
    settings = {"pooling": "stages_both"} | settings
    config = ModelConfig(backbone="pocket", weights="embedded", **settings)
    return build_classifier(config, CLASSES, image_size=max(config.image_sizes, default=32))


def concatenations(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from concatenations(layer)
        elif isinstance(layer, keras.layers.Concatenate):
            yield layer


@pytest.mark.parametrize(
    "model",
    [
        lambda: classifier(),
        lambda: classifier(head="hidden"),
        lambda: classifier(image_sizes=(32, 64)),
        lambda: with_flip_tta(classifier()),
    ],
    ids=["linear", "hidden", "two sizes", "mirrored"],
)
def test_a_split_head_computes_the_same_without_concatenating(model):
    whole = model()
    split = with_split_head(whole)
    assert any(concatenations(whole))
    assert not any(concatenations(split))
    shape = (2, *whole.input_shape[1:])
    images = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    np.testing.assert_allclose(split(images), whole(images), atol=1e-5)


def test_one_pooled_vector_needs_no_split():
    model = classifier(pooling="avg")
    assert with_split_head(model) is model
