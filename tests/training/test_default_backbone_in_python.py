"""The functions of Python with the default backbone, in a world without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from feature_worlds import spec_of

from transferkit.backbones.resolve import resolve_model
from transferkit.baselines.fit import fit_baseline
from transferkit.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from transferkit.data.manifest import Manifest
from transferkit.features.extract import extract_features
from transferkit.models.classifier import build_classifier, build_extractor
from transferkit.storage.run import Run
from transferkit.training.train import train

pytestmark = pytest.mark.slow

NAME = "efficientnet_lite0"
QUICK = Config(data=DataConfig(image_size=32), train=TrainConfig(unfreeze="none", head_epochs=1))


def test_training_takes_it_and_the_run_says_so(manifest: Manifest, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    assert train(manifest, QUICK, run=run).name == NAME
    saved = run.settings()["model"]
    assert (saved["backbone"], saved["weights"], saved["pooling"]) == (NAME, "imagenet", "auto")


def test_a_classifier_and_an_extractor_are_of_it() -> None:
    named = build_classifier(ModelConfig(), ["a", "b"])
    assert named.name == f"{NAME}_classifier"
    assert named.input_shape == (None, 224, 224, 3)
    assert build_extractor(resolve_model(ModelConfig())).get_layer(NAME) is not None


def test_features_are_its_own_and_a_baseline_keeps_its_name(manifest: Manifest) -> None:
    paths = list(manifest.part("test")["path"])
    features = extract_features(spec_of(QUICK), paths).values
    assert features.shape == (len(paths), build_extractor(spec_of(QUICK).model).output_shape[-1])
    baseline = fit_baseline("knn_backbone", manifest, QUICK)
    assert baseline.pipeline["features"].backbone == NAME


def test_a_baseline_on_pixels_looks_for_no_weights(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    fit_baseline("knn_pixels", manifest)
    assert capsys.readouterr().err == "Fitting knn_pixels.\n"
