"""The temperature: what it changes in the saved model, and what it never changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from feature_worlds import spec_of
from scipy.special import softmax
from sklearn.metrics import log_loss

from transferkit.config.settings import ComputeConfig, Config
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.evaluation.calibration import FLOOR, apply_temperature
from transferkit.evaluation.temperature import fit_temperature
from transferkit.features.extract import extract_features
from transferkit.inference.devices import choose_device
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import CLASSES, HEAD
from transferkit.models.network import Network
from transferkit.training.dataset import read_split
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState
from transferkit.training.temperature_scaling import answers, calibrate
from transferkit.training.train import train

pytestmark = pytest.mark.slow


def changed(config: Config, **settings: object) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))


def fitted(manifest: Manifest, config: Config) -> TrainingState:
    return fit_stages(start_fit(manifest, config, choose_device(config.compute)))


@pytest.fixture(scope="module")
def watched(shapes: Path) -> Manifest:
    """The drawn shapes, 24 of them to validate with, of which three have a wrong label."""
    frame = Manifest.read(shapes).frame
    frame["split"] = ["train", "validation", "train", "validation", "test"] * (len(frame) // 5)
    validation = frame.index[frame["split"] == "validation"]
    wrong = validation[::8]
    frame.loc[wrong, "label"] = np.roll(frame.loc[wrong, "label"], 1)
    return Manifest(frame, "shapes")


@pytest.fixture(scope="module")
def before(watched: Manifest, pretrained: Config) -> TrainingState:
    """A head alone, of which the last layer is surer than it should be."""
    head_alone = changed(pretrained, unfreeze="none", refit=False)
    compute = ComputeConfig(precision="float32")
    fit = fitted(watched, dataclasses.replace(head_alone, compute=compute))
    last = fit.classifier.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([values * 10 for values in last.get_weights()])
    fit.held_out = None  # what the folds say is not of these weights
    return fit


@pytest.fixture(scope="module")
def logits(before: TrainingState) -> np.ndarray:
    """Of its validation images."""
    last = before.classifier.get_layer(HEAD).get_layer(CLASSES)
    kernel, bias = last.get_weights()
    found = extract_features(spec_of(before.config, precision="float32"), before.validation.paths)
    return np.asarray(found.values @ kernel + bias, float)


@pytest.fixture(scope="module")
def calm(before: TrainingState, logits: np.ndarray) -> TrainingState:
    """The same, tempered."""
    calibrate(before)
    return before


def loss_at(temperature: float, logits: np.ndarray, truth: np.ndarray) -> float:
    return float(log_loss(truth, softmax(logits / temperature, axis=1), labels=range(3)))


def everything(fit: TrainingState) -> np.ndarray:
    return BatchPredictor(fit.classifier)(fit.validation.paths, fit.config.data, doing="Asking")


def test_the_model_says_the_softmax_of_its_logits_at_the_temperature(
    calm: TrainingState, logits: np.ndarray
) -> None:
    wanted = softmax(logits / calm.summary.temperature.value, axis=1)
    np.testing.assert_allclose(answers(calm), wanted, atol=1e-4)
    np.testing.assert_allclose(everything(calm), wanted, atol=1e-3)


def test_a_network_that_is_much_too_sure_is_made_less_sure(
    calm: TrainingState, logits: np.ndarray
) -> None:
    truth = calm.validation.labels
    found = fit_temperature(logits, truth, len(truth))
    assert calm.summary.temperature.value == pytest.approx(found, rel=1e-3)
    assert found > 2.5  # it was ten times as sure as the optimum


def drawn_answers(images: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and classes that are drawn as those at this temperature say."""
    generator = np.random.default_rng(0)
    logits = 3 * generator.normal(size=(images, 3))
    noise = generator.gumbel(size=logits.shape)
    return logits, (logits / temperature + noise).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_of_many_images_the_temperature_is_the_true_one(temperature: float) -> None:
    logits, truth = drawn_answers(20_000, temperature)
    assert fit_temperature(logits, truth, 20_000) == pytest.approx(temperature, rel=0.05)


def test_one_mistake_among_few_does_not_make_it_cold() -> None:
    logits = np.tile([2.0, 0.0], (24, 1))
    truth = np.zeros(24, int)
    truth[0] = 1
    assert 0.9 < fit_temperature(logits, truth, 24) <= 1.001
    assert fit_temperature(logits, truth, 24_000) < 0.65


def test_an_image_that_is_there_twice_counts_once() -> None:
    logits, truth = drawn_answers(30, 2)
    twice = np.tile(logits, (2, 1)), np.tile(truth, 2)
    assert fit_temperature(*twice, 30) == pytest.approx(fit_temperature(logits, truth, 30))


def test_the_likeliest_class_stays(calm: TrainingState, logits: np.ndarray) -> None:
    assert np.array_equal(answers(calm).argmax(axis=1), logits.argmax(axis=1))


def test_the_losses_before_and_after_are_in_the_summary(
    calm: TrainingState, logits: np.ndarray
) -> None:
    scaling, truth = calm.summary.temperature, calm.validation.labels
    assert scaling.loss_after == pytest.approx(
        log_loss(truth, answers(calm), labels=range(3)), 1e-3
    )
    assert scaling.loss_after < 1.2 < loss_at(1, logits, truth)
    assert scaling.loss_after < scaling.loss_before


@pytest.mark.parametrize(
    "settings",
    [
        {"unfreeze": "none", "refit": False},
        {"unfreeze": "last"},
        {"unfreeze": "last", "cached_views": "every"},
    ],
    ids=["head", "kept activations", "pixels"],
)
def test_what_is_kept_says_what_the_network_says(
    watched: Manifest, pretrained: Config, settings: dict[str, object]
) -> None:
    fit = fitted(watched, changed(pretrained, fine_tune_learning_rate=1e-2, **settings))
    np.testing.assert_allclose(answers(fit), everything(fit), atol=0.02)


def test_a_network_from_scratch_is_asked_for_pixels(watched: Manifest, scratch: Config) -> None:
    fit = fitted(watched, scratch)
    np.testing.assert_allclose(answers(fit), everything(fit), atol=1e-6)


def test_few_validation_images_leave_it_at_one(
    manifest: Manifest, scratch: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = fitted(manifest, scratch)
    capsys.readouterr()
    weights = fit.classifier.get_weights()
    calibrate(fit)
    assert fit.summary.temperature.value == 1
    assert fit.summary.temperature.loss_before is None
    assert capsys.readouterr().err == (
        "The temperature stays at 1: there are 6 held-out images, and 20 are needed to fit it.\n"
    )
    for was, now in zip(weights, fit.classifier.get_weights(), strict=True):
        assert np.array_equal(was, now)


def test_validation_images_that_are_all_right_leave_it_at_one(
    watched: Manifest, scratch: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = fitted(watched, scratch)
    said = answers(fit).argmax(axis=1)
    targets = np.eye(3, dtype=np.float32)[said]
    fit.validation = dataclasses.replace(read_split(watched, "validation"), targets=targets)
    capsys.readouterr()
    calibrate(fit)
    assert fit.summary.temperature.value == 1
    assert capsys.readouterr().err == (
        "The temperature stays at 1: all 24 held-out images are classified correctly, so they "
        "do not bound the confidence.\n"
    )


def test_where_no_other_is_clearly_better_it_is_left_at_one(
    watched: Manifest, scratch: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = fitted(watched, scratch)
    last = fit.classifier.get_layer(HEAD).get_layer(CLASSES)
    last.set_weights([np.zeros_like(values) for values in last.get_weights()])
    capsys.readouterr()
    calibrate(fit)
    assert capsys.readouterr().err == (
        "The temperature stays at 1: no other fits the 24 held-out images clearly better.\n"
    )


def test_the_saved_network_is_tempered_and_nothing_else(
    watched: Manifest, pretrained: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferkit.evaluation.temperature.PRIOR_SCALE", 1e9)  # a flat prior
    config = changed(pretrained, unfreeze="none")
    paths = list(watched.part("test")["path"])
    tempered_network, plain_network = (
        train(watched, changed(config, calibrate=calibrate)) for calibrate in (True, False)
    )
    assert plain_network.summary.temperature is None
    tempered_network.save(tmp_path)
    again = Network.load(tmp_path)
    assert again.summary.temperature.value != 1
    plain = plain_network.probabilities(paths)
    exact = plain.min(axis=1) > FLOOR  # what is less counts as that
    assert exact.sum() > 6
    wanted = apply_temperature(plain, again.summary.temperature.value)
    np.testing.assert_allclose(again.probabilities(paths)[exact], wanted[exact], atol=1e-4)
    layers = [type(layer) for layer in plain_network.model.layers]
    assert [type(layer) for layer in again.model.layers] == layers


def test_the_mirror_image_is_asked_of_the_tempered_network(
    watched: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferkit.training.train.should_use_tta", lambda fit: True)
    monkeypatch.setattr("transferkit.evaluation.temperature.PRIOR_SCALE", 1e9)  # a flat prior
    network = train(watched, changed(pretrained, unfreeze="none", tta=True))
    inner = next(each for each in network.model.layers if isinstance(each, keras.Model))
    alone = dataclasses.replace(network, model=inner)
    paths = list(watched.part("test")["path"])
    images = read_images(paths, 32, network.data).astype(np.float32)
    wanted = (inner.predict(images, verbose=0) + inner.predict(images[:, :, ::-1], verbose=0)) / 2
    np.testing.assert_allclose(network.probabilities(paths), wanted, atol=1e-4)
    assert network.summary.temperature.value != 1
    np.testing.assert_allclose(alone.probabilities(paths), inner.predict(images, verbose=0), 1e-3)
