"""Auxiliary heads on the maps of GoogLeNet, made of the layers of a classifier."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import ModelConfig
from transferkit.models.auxiliary import auxiliary_head, with_auxiliary_heads
from transferkit.models.classifier import build_classifier

pytestmark = pytest.mark.slow

IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")


@pytest.fixture(
    scope="module",
    params=[
        ModelConfig("googlenet", "none"),
        ModelConfig("googlenet", "none", pooling="stages_both"),
        ModelConfig("googlenet", "none", image_sizes=(32, 64)),
    ],
    ids=["plain", "stages", "two sizes"],
)
def models(request: pytest.FixtureRequest) -> tuple[keras.Model, keras.Model]:
    """A classifier, and the model of its layers with auxiliary heads."""
    model = resolve_model(request.param)
    classifier = build_classifier(model, ("a", "b", "c"), image_size=64)
    return classifier, with_auxiliary_heads(classifier, model)


def test_the_first_output_is_that_of_the_classifier(
    models: tuple[keras.Model, keras.Model],
) -> None:
    classifier, training = models
    np.testing.assert_allclose(training(IMAGES)[0], classifier(IMAGES), rtol=1e-5, atol=1e-6)


def test_there_are_two_more_with_probabilities(models: tuple[keras.Model, keras.Model]) -> None:
    _, *auxiliary = models[1](IMAGES)
    assert [output.shape for output in auxiliary] == [(2, 3), (2, 3)]
    np.testing.assert_allclose([np.sum(output, axis=1) for output in auxiliary], 1, rtol=1e-5)


def test_the_layers_of_the_classifier_are_used(models: tuple[keras.Model, keras.Model]) -> None:
    classifier, training = models
    own = {id(weight) for weight in training.weights}
    assert {id(weight) for weight in classifier.weights} < own


def test_an_auxiliary_head_at_224_pixels_has_the_parameters_of_the_paper() -> None:
    feature_map = keras.Input((14, 14, 512))
    head = keras.Model(feature_map, auxiliary_head(feature_map, 1000, name="auxiliary"))
    assert head.get_layer("auxiliary_pool").output.shape == (None, 4, 4, 512)
    assert head.count_params() == 65_664 + 2_098_176 + 1_025_000
