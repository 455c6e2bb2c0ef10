"""The chosen network is fitted again on the validation images too; fine-tuning has to pay."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import FINE_TUNE_STAGE, HEAD_STAGE, REFIT_STAGE
from transferkit.features.extract import extract_features
from transferkit.features.linear_probe import solve_probe
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import CLASSES, HEAD
from transferkit.models.network import Network
from transferkit.training.callbacks import AverageEpochs
from transferkit.training.refit import refit
from transferkit.training.stages import fit_stages
from transferkit.training.start import MIN_FINE_TUNE_IMAGES, start_fit
from transferkit.training.state import HeldOut, TrainingState
from transferkit.training.temperature_scaling import loss_gain
from transferkit.training.train import train

pytestmark = pytest.mark.slow


def with_train(config: Config, **settings: object) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))


def started(manifest: Manifest, config: Config) -> TrainingState:
    return fit_stages(start_fit(manifest, config, choose_device(config.compute)))


def kernel_of(model) -> np.ndarray:
    return model.get_layer(HEAD).get_layer(CLASSES).get_weights()[0]


@pytest.fixture(scope="module")
def solved(manifest: Manifest, pretrained: Config) -> Network:
    config = with_train(pretrained, unfreeze="none", calibrate=False)
    return train(manifest, config)


def test_a_head_is_solved_on_the_images_of_both(
    solved: Network, manifest: Manifest, pretrained: Config
) -> None:
    config = with_train(pretrained, unfreeze="none")
    fit = start_fit(manifest, config, choose_device(config.compute))
    everything = fit.train
    both = [*manifest.part("train")["path"], *manifest.part("validation")["path"]]
    assert sorted(everything.paths) == sorted(both)
    assert not len(fit.validation)
    probe = solve_probe(
        extract_features(fit.feature_spec, everything.paths).values,
        everything.labels,
        classes=len(manifest.classes),
        weights=everything.weights,
        groups=everything.groups,
        seed=config.seed,
    )
    np.testing.assert_allclose(kernel_of(solved.model), probe.kernel, rtol=1e-5, atol=1e-6)
    assert len(probe.held_out) == len(everything)
    (row,) = solved.history
    held_out = log_loss(everything.labels[probe.held_out], softmax(probe.held_out_logits, axis=1))
    assert row.val_loss == pytest.approx(held_out, rel=1e-3)


def test_the_summary_says_what_it_was_fitted_on(solved: Network) -> None:
    assert solved.summary.fitted_on == "train and validation"
    assert list(solved.summary.stages) == [HEAD_STAGE]
    assert [row.stage for row in solved.history] == [HEAD_STAGE]


def test_without_it_the_training_images_alone_are_learnt_from(
    manifest: Manifest, pretrained: Config
) -> None:
    network = train(manifest, with_train(pretrained, unfreeze="none", refit=False))
    assert network.summary.fitted_on == "train"
    assert list(network.summary.stages) == [HEAD_STAGE]


def test_the_temperature_of_a_head_is_that_of_its_folds(
    manifest: Manifest, pretrained: Config
) -> None:
    fit = started(manifest, with_train(pretrained, unfreeze="none"))
    assert fit.held_out is not None
    assert fit.held_out.images == len(set(fit.train.paths))
    own = extract_features(fit.feature_spec, fit.train.paths).values
    head = fit.classifier.get_layer(HEAD)
    confident = np.asarray(head.predict(own, verbose=0)).max(axis=1).mean()
    shifted = fit.held_out.logits - fit.held_out.logits.max(axis=1, keepdims=True)
    held_out = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    assert held_out.max(axis=1).mean() < confident  # it has learnt from none of these


def test_a_fine_tuned_network_is_fine_tuned_again_for_its_best_epochs(
    manifest: Manifest, pretrained: Config
) -> None:
    fit = started(manifest, with_train(pretrained, epochs=2, average_checkpoints=1))
    fit.summary = dataclasses.replace(fit.summary, kept_stage=FINE_TUNE_STAGE)  # as if it had paid
    losses = [row.val_loss for row in fit.history if row.stage == FINE_TUNE_STAGE]
    before, logged = fit.classifier.get_weights(), len(fit.history)
    refit(fit)
    assert fit.summary.stages[REFIT_STAGE].epochs == int(np.argmin(losses)) + 1
    assert fit.summary.kept_stage == FINE_TUNE_STAGE
    assert fit.held_out is not None
    assert fit.held_out.images == len(set(fit.validation.paths))
    assert any(
        (one != two).any() for one, two in zip(before, fit.classifier.get_weights(), strict=True)
    )
    assert len(fit.history) == logged


def test_fine_tuning_that_has_not_paid_leaves_a_head_that_is_refitted(
    solved: Network, manifest: Manifest, pretrained: Config
) -> None:
    fit = started(manifest, with_train(pretrained, epochs=1))
    fit.classifier.set_weights(fit.head_weights)
    fit.summary = dataclasses.replace(fit.summary, kept_stage=HEAD_STAGE)
    refit(fit)
    assert list(fit.summary.stages) == [HEAD_STAGE, FINE_TUNE_STAGE, REFIT_STAGE]
    assert fit.summary.fitted_on == "train and validation"
    np.testing.assert_allclose(
        kernel_of(fit.classifier), kernel_of(solved.model), rtol=1e-4, atol=1e-5
    )


def test_an_error_restores_the_weights(
    manifest: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = started(manifest, with_train(pretrained, epochs=1))
    fit.summary = dataclasses.replace(fit.summary, kept_stage=HEAD_STAGE)
    before = fit.classifier.get_weights()

    def fail(state: TrainingState) -> None:
        state.classifier.set_weights([np.zeros_like(values) for values in before])
        raise KeyboardInterrupt

    monkeypatch.setattr("transferkit.training.refit.fit_head", fail)
    with pytest.raises(KeyboardInterrupt):
        refit(fit)
    for one, two in zip(before, fit.classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_fine_tuning_is_not_tried_with_few_images_unless_it_is_asked_for(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    device = choose_device(pretrained.compute)
    assert start_fit(manifest, with_train(pretrained, unfreeze="auto"), device).blocks == 0
    images = len(manifest.part("train"))
    assert images < MIN_FINE_TUNE_IMAGES
    assert f"Fine-tuning is not tried: there are {images} training" in capsys.readouterr().err
    assert start_fit(manifest, with_train(pretrained, unfreeze="last"), device).blocks == 1


def held_out(confidence: np.ndarray) -> HeldOut:
    """Images of class 0 that get these logits for it, and 0 for another."""
    logits = np.stack([confidence, np.zeros_like(confidence)], axis=1)
    return HeldOut(logits, np.zeros(len(confidence), np.int64), len(confidence))


def test_a_gain_is_told_from_noise() -> None:
    generator = np.random.default_rng(0)
    before = generator.normal(1.0, 1.0, 200)
    groups = [str(number) for number in range(200)]
    low, mean, high = loss_gain(held_out(before), held_out(before + 1), groups)
    assert 0 < low < mean < high
    low, mean, high = loss_gain(held_out(before), held_out(generator.permutation(before)), groups)
    assert low < 0 < high
    low, _, high = loss_gain(held_out(before), held_out(before), groups)
    assert low == high == 0


def test_the_images_of_a_group_count_as_one() -> None:
    generator = np.random.default_rng(1)
    before = np.repeat(generator.normal(1.0, 1.0, 20), 10)
    after = before + np.repeat(generator.normal(0.3, 0.5, 20), 10)
    alone = loss_gain(held_out(before), held_out(after), [str(row) for row in range(200)])
    grouped = loss_gain(held_out(before), held_out(after), [str(row // 10) for row in range(200)])
    assert grouped[1] == pytest.approx(alone[1])
    assert grouped[2] - grouped[0] > 2 * (alone[2] - alone[0])


def test_epochs_are_averaged_and_training_stops_after_the_last() -> None:
    class Model:
        stop_training = False

        def __init__(self) -> None:
            self.weights = [np.zeros(2, np.float32)]

        def get_weights(self) -> list[np.ndarray]:
            return self.weights

        def set_weights(self, weights: list[np.ndarray]) -> None:
            self.weights = weights

    model, callback = Model(), AverageEpochs((1, 3))
    callback.set_model(model)
    for epoch in range(3):
        assert not model.stop_training
        model.weights = [np.full(2, epoch + 1.0, np.float32)]
        callback.on_epoch_end(epoch)
    assert model.stop_training
    np.testing.assert_array_equal(model.weights[0], [2.0, 2.0])


@pytest.mark.parametrize(("gain", "kept"), [(3.0, FINE_TUNE_STAGE), (0.0, HEAD_STAGE)])
def test_fine_tuning_is_kept_where_it_is_better_beyond_noise(
    manifest: Manifest,
    pretrained: Config,
    monkeypatch: pytest.MonkeyPatch,
    gain: float,
    kept: str,
) -> None:
    """The logits of the validation images are given: 0 for all, then noise and the gain."""
    fit = start_fit(manifest, pretrained, choose_device(pretrained.compute))
    labels = fit.validation.labels
    noise = np.random.default_rng(0).normal(size=len(labels)) / 2
    values = iter((np.zeros(len(labels)), noise - noise.mean() + gain))

    def logits(state: TrainingState) -> HeldOut:
        rows = np.zeros((len(labels), 3))
        rows[np.arange(len(labels)), labels] = next(values)
        return HeldOut(rows, labels, len(labels))

    monkeypatch.setattr("transferkit.training.stages.validation_logits", logits)
    fit_stages(fit)
    assert fit.summary.kept_stage == kept
