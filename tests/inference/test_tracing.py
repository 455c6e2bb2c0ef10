from __future__ import annotations

import dataclasses

import keras
import pytest

from transferkit.config.settings import Config
from transferkit.data.manifest import Manifest
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import HEAD
from transferkit.training.stages import fit_stages
from transferkit.training.start import start_fit


@pytest.mark.slow
def test_each_step_is_traced_once(
    manifest: Manifest, pretrained: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that makes variables itself is traced again without that."""
    traced = []

    def count(name: str) -> None:
        step = getattr(keras.Model, name)

        def counted(model: keras.Model, *given: object) -> object:
            traced.append((name, model.name))
            return step(model, *given)

        monkeypatch.setattr(keras.Model, name, counted)

    count("train_step")
    count("test_step")
    model = dataclasses.replace(pretrained.model, head="hidden", hidden_units=8)
    train = dataclasses.replace(pretrained.train, unfreeze="all")
    config = dataclasses.replace(pretrained, model=model, train=train)
    found = fit_stages(start_fit(manifest, config, choose_device(config.compute)))
    assert sorted(traced) == sorted(
        (step, name)
        for step in ("train_step", "test_step")
        for name in (HEAD, found.classifier.name)
    )
