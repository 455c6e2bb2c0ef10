"""Training as on a GPU: pixels go there as they are, and are augmented there."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from transferkit.config.settings import Config
from transferkit.data.augmentation.policies import find_policy
from transferkit.data.loading.tf_dataset import Augmentation, finish_batch, training_batches
from transferkit.data.manifest import Manifest
from transferkit.inference.devices import choose_device
from transferkit.training.dataset import read_split
from transferkit.training.gpu_augmentation import GpuAugmentation
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mix", ["none", "mixup", "cutmix"])
def test_what_is_finished_later_is_what_is_finished_at_once(
    manifest: Manifest, pretrained: Config, mix: str
) -> None:
    part = read_split(manifest, "train", batch_size=8)
    at_once, later = (
        training_batches(
            part.paths,
            part.targets,
            32,
            data=pretrained.data,
            batch_size=part.batch_size,
            weights=part.weights,
            augmentation=Augmentation(find_policy("photo"), mix, seed=3, deferred=waits),
        )
        for waits in (False, True)
    )
    augmentation = Augmentation(find_policy("photo"), mix, seed=3)
    for expected, (given, *rest) in zip(at_once, later, strict=True):
        assert given["images"].dtype == tf.uint8
        found = finish_batch(augmentation, given["seeds"][0], (given["images"], *rest))
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-3)


@pytest.fixture(scope="module")
def on_gpu(manifest: Manifest, pretrained: Config) -> TrainingState:
    """The way of a GPU, on a CPU: another device, the same code."""
    settings = dataclasses.replace(pretrained.train, unfreeze="all", epochs=2, mix="mixup")
    config = dataclasses.replace(pretrained, train=settings)
    device = dataclasses.replace(choose_device(config.compute), gpu=True)
    return fit_stages(start_fit(manifest, config, device))


def test_it_learns_and_says_every_epoch(on_gpu: TrainingState) -> None:
    tuning = [row for row in on_gpu.history if row.stage == "fine-tune"]
    assert [row.epoch for row in tuning] == [1, 2]
    assert all(np.isfinite(row.loss) and np.isfinite(row.val_loss) for row in tuning)


def test_the_classifier_has_nothing_of_it(on_gpu: TrainingState, tmp_path: object) -> None:
    file = f"{tmp_path}/model.keras"
    on_gpu.classifier.save(file)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    again = keras.saving.load_model(file)
    np.testing.assert_allclose(again(images), on_gpu.classifier(images), atol=1e-6)


def test_the_wrapper_has_the_weights_of_the_classifier(on_gpu: TrainingState) -> None:
    wrapper = GpuAugmentation(on_gpu.classifier, Augmentation(find_policy("flip")))
    wrapper(np.zeros((1, 32, 32, 3), np.float32))
    assert len(wrapper.weights) == len(on_gpu.classifier.weights)
