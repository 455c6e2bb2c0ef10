"""GoogLeNet from random weights: two more heads learn, and nothing of them is in the classifier."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from transferkit.config.settings import Config, ModelConfig
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.evaluation.summary import SCRATCH_STAGE
from transferkit.inference.devices import Device, Precision, choose_device
from transferkit.training.batches import training_data
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit
from transferkit.training.state import TrainingState
from transferkit.training.training_model import AUXILIARY_WEIGHT, TrainingModel

pytestmark = pytest.mark.slow

GOOGLENET = ModelConfig(backbone="googlenet", weights="none")
HALF = Precision("mixed_bfloat16", False, "bfloat16")
DEVICES = {"cpu": {}, "gpu": {"gpu": True}, "bfloat16": {"precision": HALF}}


@pytest.fixture(scope="module")
def config(scratch: Config) -> Config:
    """Two epochs at 32 px, with mixup."""
    train = dataclasses.replace(scratch.train, mix="mixup")
    return dataclasses.replace(scratch, model=GOOGLENET, train=train)


@pytest.fixture(scope="module")
def uneven(manifest: Manifest) -> Manifest:
    """The shapes, with a third of the training images of one class."""
    rows = manifest.usable
    place = rows.groupby(["label", "split"]).cumcount()
    rare = (rows["label"] == "circles") & (rows["split"] == "train") & (place >= 4)
    return Manifest(rows[~rare], manifest.source)


def device_of(config: Config, **changes: Any) -> Device:
    return dataclasses.replace(choose_device(config.compute), **changes)


@pytest.fixture(scope="module", params=DEVICES.values(), ids=DEVICES)
def state(request: pytest.FixtureRequest, uneven: Manifest, config: Config) -> TrainingState:
    """Trained on a CPU, in the way of a GPU, and in 16 bits."""
    return fit_stages(start_fit(uneven, config, device_of(config, **request.param)))


def test_every_epoch_has_finite_losses(state: TrainingState) -> None:
    assert [row.stage for row in state.history] == [SCRATCH_STAGE] * 2
    assert all(np.isfinite([row.loss, row.val_loss]).all() for row in state.history)
    assert state.summary.class_weights == "balanced"


def test_the_stage_names_the_auxiliary_heads(state: TrainingState) -> None:
    assert state.summary.stages[SCRATCH_STAGE].images.endswith("mix: mixup; 2 auxiliary heads")


def test_the_classifier_has_one_output_and_reloads(state: TrainingState, tmp_path: Path) -> None:
    assert state.classifier.output_shape == (None, 3)
    assert [layer for layer in state.classifier.layers if "auxiliary" in layer.name] == []
    state.classifier.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(images), state.classifier(images), atol=1e-6)


def test_the_validation_loss_is_that_of_the_classifier(state: TrainingState) -> None:
    part = state.validation
    images = read_images(part.paths, 32, state.config.data).astype("float32")
    found = state.classifier.predict(images, verbose=0)
    losses = -np.log(found[np.arange(len(part)), part.labels])
    loss = np.average(losses, weights=part.weights) * part.weights.mean()
    assert loss == pytest.approx(state.best(SCRATCH_STAGE), rel=0.03)


@pytest.fixture
def model(manifest: Manifest, config: Config) -> TrainingModel:
    """What is fitted, compiled."""
    found, *_ = training_data(start_fit(manifest, config, device_of(config)))
    found.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    return found


def test_the_auxiliary_losses_have_their_weight_in_training_alone(model: TrainingModel) -> None:
    generator = np.random.default_rng(0)
    targets, weights = np.eye(3, dtype="float32"), np.float32([1, 2, 0.5])
    outputs = [generator.dirichlet([1] * 3, 3).astype("float32") for _ in range(3)]
    losses = [-(weights * np.log(output.diagonal())).mean() for output in outputs]
    for training, loss in (
        (True, losses[0] + AUXILIARY_WEIGHT * (losses[1] + losses[2])),
        (False, losses[0]),
    ):
        found = model.compute_loss(None, targets, outputs, weights, training=training)
        assert float(found) == pytest.approx(loss, rel=1e-5)


def test_both_auxiliary_heads_learn(manifest: Manifest, config: Config) -> None:
    state = start_fit(manifest, config, device_of(config))
    model, train, _, _ = training_data(state)
    model.compile(keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", jit_compile=False)
    heads = [model.classifier.get_layer(f"auxiliary{number}") for number in (1, 2)]
    before = [head.get_weights()[0] for head in heads]
    model.fit(train, shuffle=False, epochs=1, verbose=0)
    moved = [np.abs(head.get_weights()[0] - old).max() for head, old in zip(heads, before)]  # noqa: B905
    assert min(moved) > 1e-4


def test_a_network_that_is_fine_tuned_has_none(
    manifest: Manifest, config: Config, tmp_path: Path
) -> None:
    from transferkit.backbones.build import build_backbone

    build_backbone("googlenet", "none", 32).save_weights(tmp_path / "own.weights.h5")
    learnt = dataclasses.replace(GOOGLENET, weights=str(tmp_path / "own.weights.h5"))
    train = dataclasses.replace(config.train, unfreeze="last", cached_views="every")
    tuned = dataclasses.replace(config, model=learnt, train=train)
    state = fit_stages(start_fit(manifest, tuned, device_of(config)))
    assert [
        stage.images for stage in state.summary.stages.values() if "auxil" in stage.images
    ] == []


def test_they_learn_on_two_devices(shapes: Path, tmp_path: Path) -> None:
    """In a process of its own: a CPU becomes two devices only before TensorFlow starts."""
    words = "--backbone googlenet --image-size 32 --epochs 1 --compute.devices cpu:2 --out run"
    command = [sys.executable, "-m", "transferkit", "train", str(shapes), *words.split()]
    ended = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=os.environ, timeout=240
    )
    assert ended.returncode == 0, ended.stderr
    assert ", 2 replicas (mirrored), " in ended.stderr
    assert (tmp_path / "run" / "model.keras").is_file()
