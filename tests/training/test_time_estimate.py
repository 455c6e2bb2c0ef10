"""How long fine-tuning will take is said ahead of the head, and the network is none the other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.inference import engine as engines
from transferkit.inference.devices import choose_device
from transferkit.runtime import progress
from transferkit.training import activation_cache, stages, state
from transferkit.training.state import TrainingState
from transferkit.training.time_estimate import estimate_time

AHEAD = "fine-tune, after the head: about "


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything takes long."""
    monkeypatch.setattr(progress, "LONG", 0)
    monkeypatch.setattr(activation_cache, "LONG", 0)
    monkeypatch.setattr(stages, "MANY_STEPS", 1)


@pytest.fixture
def settings(pretrained: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """As many batches as are timed, and dropout, whose draws go on from step to step."""
    monkeypatch.setattr(engines, "BATCH_SIZE", 8)
    monkeypatch.setattr(state, "MAX_STEPS_AT_ONCE", 2)
    model = dataclasses.replace(pretrained.model, dropout=0.5)
    train = dataclasses.replace(pretrained.train, batch_size=4, engine="graph", devices="cpu")
    return dataclasses.replace(pretrained, model=model, train=train)


def fitted(
    manifest: Manifest, config: Config, *, gpu: bool = False, **train: object
) -> TrainingState:
    """By the way of a GPU, on a CPU, if `gpu`."""
    config = dataclasses.replace(config, train=dataclasses.replace(config.train, **train))
    device = dataclasses.replace(choose_device(config.train), gpu=gpu)
    return stages.fit_classifier(manifest, config, device)


@pytest.mark.parametrize(("views", "gpu"), [("0", False), ("every", True)])
def test_it_is_said_first_and_changes_nothing(
    manifest: Manifest,
    settings: Config,
    views: str,
    gpu: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "one"))
    plain = fitted(manifest, settings, cached_views=views, gpu=gpu)
    assert AHEAD not in capsys.readouterr().err
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "other"))
    request.getfixturevalue("impatient")
    foretold = fitted(manifest, settings, cached_views=views, gpu=gpu)
    before, _, after = capsys.readouterr().err.partition("head, solved with ")
    [line] = [line for line in before.splitlines() if line.startswith(AHEAD)]
    assert line.endswith(" for 1 epoch, if all are needed.")
    assert AHEAD not in after
    for one, other in zip(
        plain.classifier.get_weights(), foretold.classifier.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    if views == "0":
        fitted(manifest, settings, cached_views=views)
        assert AHEAD not in capsys.readouterr().err  # what is kept is not waited for


@pytest.mark.usefixtures("impatient")
@pytest.mark.filterwarnings("error:.*ran out of data")
def test_an_epoch_of_few_steps_is_not_timed(
    manifest: Manifest, settings: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted(manifest, settings, cached_views="every", batch_size=32)
    assert AHEAD not in capsys.readouterr().err


@pytest.mark.usefixtures("impatient")
def test_an_epoch_of_few_steps_leaves_no_optimizer(manifest: Manifest, settings: Config) -> None:
    config = dataclasses.replace(settings, train=dataclasses.replace(settings.train, batch_size=32))
    found = stages.fit_classifier(manifest, config, choose_device(config.train))
    learner = keras.Model(found.classifier.inputs, found.classifier.outputs)
    estimate_time(found, learner, [], blocks=1)
    assert not learner.compiled
