"""Conformity scores of a network are of images that it was not fitted on, and are saved with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import FINE_TUNE_STAGE, TemperatureScaling
from transferkit.inference.devices import choose_device
from transferkit.models.network import Network
from transferkit.training.conformity import held_out_scores
from transferkit.training.refit import refit
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.train import train

pytestmark = pytest.mark.slow


def changed(config: Config, **settings: object) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))


def images_of(manifest: Manifest, *splits: str) -> int:
    return sum(len(manifest.part(split)) for split in splits)


@pytest.mark.parametrize("cached_views", ["0", "2"])
def test_a_head_has_those_of_its_folds(
    cached_views: str, manifest: Manifest, pretrained: Config, tmp_path: Path
) -> None:
    network = train(manifest, changed(pretrained, unfreeze="none", cached_views=cached_views))
    assert network.conformity is not None
    assert network.conformity.source == "folds"
    images = images_of(manifest, "train", "validation")
    assert len(network.conformity.scores) == images
    own = network.probabilities(list(manifest.part("train")["path"]))
    right = own[np.arange(len(own)), manifest.label_indices(manifest.part("train"))]
    assert np.mean(network.conformity.scores) > 1 - right.mean()  # these it has learnt from
    network.save(tmp_path)
    loaded = Network.load(tmp_path).conformity
    assert loaded is not None
    np.testing.assert_allclose(loaded.scores, network.conformity.scores, atol=1e-6)


def test_the_scores_are_at_the_final_temperature(manifest: Manifest, pretrained: Config) -> None:
    config = changed(pretrained, unfreeze="none")
    fit = fit_stages(start_fit(manifest, config, choose_device(config.compute)))
    refit(fit)
    assert fit.held_out is not None
    fit.summary = dataclasses.replace(fit.summary, temperature=TemperatureScaling(1000.0))
    scores = held_out_scores(fit)
    assert scores is not None
    np.testing.assert_allclose(scores.scores, 2 / 3, atol=0.02)  # three classes, all as likely


def test_a_network_from_scratch_has_those_of_its_validation_images(
    manifest: Manifest, scratch: Config
) -> None:
    network = train(manifest, scratch)
    assert network.conformity is not None
    assert network.conformity.source == "validation"
    part = manifest.part("validation")
    probabilities = network.probabilities(list(part["path"]))
    expected = 1 - probabilities[np.arange(len(part)), manifest.label_indices(part)]
    np.testing.assert_allclose(network.conformity.scores, expected, atol=1e-3)


def test_a_fine_tuned_network_has_those_from_before_its_refit(
    manifest: Manifest, pretrained: Config
) -> None:
    fit = fit_stages(start_fit(manifest, pretrained, choose_device(pretrained.compute)))
    fit.summary = dataclasses.replace(fit.summary, kept_stage=FINE_TUNE_STAGE)  # as if it had paid
    refit(fit)
    scores = held_out_scores(fit)
    assert scores is not None
    assert (scores.source, len(scores.scores)) == ("validation", images_of(manifest, "validation"))


def test_images_that_all_were_learnt_from_give_none(manifest: Manifest, scratch: Config) -> None:
    frame = manifest.frame.copy()
    frame.loc[frame["split"] == "validation", "split"] = "train"
    assert train(Manifest(frame, "shapes"), scratch).conformity is None
