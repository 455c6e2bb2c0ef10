"""The verbs of Python with the default backbone, in a world without a network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import h5py
import pytest
from feature_worlds import spec_of
from keras.src.legacy.saving import legacy_h5_format  # what Keras' own files of weights are in

from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.resolve import resolve_model
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest
from transferkit.features.extract import extract_features, load_features
from transferkit.models.classifier import build_classifier, build_extractor
from transferkit.storage.run import Run
from transferkit.training.train import train

pytestmark = pytest.mark.slow

QUICK = Config(data=DataConfig(image_size=32), train=TrainConfig(unfreeze="none", head_epochs=1))


def test_training_takes_pocket_and_the_run_says_so(manifest: Manifest, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    assert train(manifest, QUICK, run=run).name == "pocket"
    model = dataclasses.replace(QUICK.model, backbone="pocket")
    assert run.settings() == {
        **dataclasses.asdict(QUICK),
        "data": {**dataclasses.asdict(QUICK.data), "value_range": []},
        "model": {**dataclasses.asdict(model), "image_sizes": list(model.image_sizes)},
    }


def test_a_classifier_and_an_extractor_are_of_pocket() -> None:
    named = build_classifier(ModelConfig(), ["a", "b"])
    assert named.name == "pocket_classifier"
    assert named.input_shape == (None, 96, 96, 3)
    assert build_extractor(resolve_model(ModelConfig())).get_layer("pocket") is not None


def test_with_the_file_of_keras_in_the_cache_they_are_of_mobilenet_v2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    network = build_backbone("mobilenet_v2", "none", 32)
    (tmp_path / "models").mkdir()
    with h5py.File(tmp_path / "models" / find_backbone("mobilenet_v2").weights_file, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    named = build_classifier(ModelConfig(), ["a", "b"], image_size=32)
    assert named.name == "mobilenet_v2_classifier"
    found = named.get_layer("mobilenet_v2").get_weights()[0]
    assert (found == network.get_weights()[0]).all()


def test_features_are_those_of_pocket(manifest: Manifest) -> None:
    paths = list(manifest.part("test")["path"])
    pocket = dataclasses.replace(QUICK, model=ModelConfig(backbone="pocket"))
    assert spec_of(QUICK) == spec_of(pocket)
    features = extract_features(spec_of(QUICK), paths).values
    assert (features == load_features(spec_of(pocket), paths).values).all()


def test_a_baseline_on_features_keeps_the_name_of_the_backbone(manifest: Manifest) -> None:
    baseline = fit_baseline("knn_backbone", manifest, QUICK)
    assert baseline.pipeline["features"].backbone == "pocket"


def test_a_baseline_on_pixels_looks_for_no_weights(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    fit_baseline("knn_pixels", manifest)
    assert capsys.readouterr().err == "Fitting knn_pixels.\n"
