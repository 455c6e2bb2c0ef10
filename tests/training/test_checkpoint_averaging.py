"""The weights of the best epochs, averaged where that helps; and the mirror image likewise."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import EpochRecord
from transferkit.inference.devices import choose_device
from transferkit.models.network import Network
from transferkit.training.callbacks import AverageBestEpochs
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState
from transferkit.training.train import train
from transferkit.training.tta import should_use_tta, with_flip_tta

pytestmark = pytest.mark.slow


def changed(config: Config, **settings: object) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, **settings))


def epochs_of(losses: list[float], number: int) -> AverageBestEpochs:
    """After epochs with these losses; in epoch 3 the one weight was 3."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    best = AverageBestEpochs(number)
    best.set_model(model)
    for epoch, loss in enumerate(losses):
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        best.on_epoch_end(epoch, {"val_loss": loss})
    return best


@pytest.mark.parametrize(
    ("losses", "number", "mean"),
    [
        ([3, 1, 2, 4], 2, 2.5),
        ([3, 1, 2, 4], 1, 2),
        ([3, 1], 5, 1.5),
        ([float("nan"), 1, float("nan"), 2], 3, 3),
    ],
)
def test_the_best_epochs_are_averaged(losses: list[float], number: int, mean: float) -> None:
    best = epochs_of(losses, number)
    assert [float(each[0, 0]) for each in best.averaged()] == [mean]
    assert len(best.best) == min(number, np.isfinite(losses).sum())


@pytest.fixture(scope="module")
def tuned(manifest: Manifest, pretrained: Config) -> TrainingState:
    config = changed(pretrained, epochs=1)
    return fit_stages(start_fit(manifest, config, choose_device(config.compute)))


def averaged(fit: TrainingState, around: float) -> tuple[TrainingState, list[float], keras.Model]:
    """Averaging two epochs, each as far from the optimum 1 as the other: `1 + around ± 3`.

    With the fit come the losses of the first of them and of the mean, and what learnt.
    """
    inputs, targets = np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]])
    learner = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    learner.compile(loss="mse", metrics=["accuracy"])
    fit = TrainingState(learner, fit.config, fit.device, fit.train, fit.validation)
    best = epochs_of([], 2)
    losses = []
    for epoch, weight in enumerate([4.0 + around, -2.0 + around, 1.0 + around]):
        learner.set_weights([np.full((1, 1), weight)])
        losses.append(float(learner.evaluate(inputs, targets, verbose=0)[0]))
        if epoch < 2:
            best.best.append((losses[-1], epoch + 1, learner.get_weights()))
            fit.history.append(EpochRecord("fine-tune", val_loss=losses[-1]))
    learner.set_weights(best.best[0][2])
    best.average(fit, learner, Pairs(inputs, targets), stage="fine-tune")
    return fit, losses, learner


class Pairs(keras.utils.PyDataset):
    """One batch."""

    def __init__(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        super().__init__()
        self.batch_size = inputs, targets

    def __len__(self) -> int:
        return 1

    def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        return self.batch_size


def test_averaged_weights_are_kept_where_their_loss_is_lower(
    tuned: TrainingState, capsys: pytest.CaptureFixture[str]
) -> None:
    fit, losses, learner = averaged(tuned, around=0.5)
    assert float(learner.get_weights()[0][0, 0]) == 1.5
    assert fit.averaged_loss == pytest.approx(losses[2])
    assert fit.summary.averaged_checkpoints == (1, 2)
    assert capsys.readouterr().err == (
        f"fine-tune: the weights of the epochs 1, 2 are averaged: validation loss {losses[2]:.3f}\n"
    )


def test_averaged_weights_are_dropped_where_their_loss_is_not(
    tuned: TrainingState, capsys: pytest.CaptureFixture[str]
) -> None:
    fit, _, learner = averaged(tuned, around=-3.0)
    assert float(learner.get_weights()[0][0, 0]) == 1.0
    assert fit.averaged_loss == float("inf")
    assert fit.summary.averaged_checkpoints == ()
    assert capsys.readouterr().err == ""


def test_a_mirrored_network_is_the_mean_over_both(tuned: TrainingState) -> None:
    images = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype("float32")
    both = [tuned.classifier.predict(each, verbose=0) for each in (images, images[:, :, ::-1])]
    found = with_flip_tta(tuned.classifier).predict(images, verbose=0)
    np.testing.assert_allclose(found, np.mean(both, axis=0), rtol=1e-5)


def test_a_mirrored_network_reloads(
    manifest: Manifest, tuned: TrainingState, tmp_path: object
) -> None:
    network = Network(
        "pocket", with_flip_tta(tuned.classifier), manifest.classes, tuned.config.data
    )
    network.save(str(tmp_path))
    again = Network.load(str(tmp_path))
    paths = tuned.validation.paths
    np.testing.assert_allclose(again.probabilities(paths), network.probabilities(paths), atol=1e-6)


def test_no_mirror_where_training_images_were_not_mirrored(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    config = changed(pretrained, augment="none", unfreeze="none")
    fit = fit_stages(start_fit(manifest, config, choose_device(config.compute)))
    capsys.readouterr()
    assert not should_use_tta(fit)
    assert capsys.readouterr().err == ""


def test_whether_the_mirror_helped_is_said_and_done(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    network = train(manifest, changed(pretrained, tta=True, unfreeze="none"))
    helps = network.summary.tta
    assert network.model.name.startswith("mirrored_") == helps
    said = capsys.readouterr().err
    assert ("it is used" in said, "it is left out" in said) == (helps, not helps)
    json.dumps(network.summary.to_json())
