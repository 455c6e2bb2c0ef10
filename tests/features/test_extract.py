from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from feature_worlds import spec_of
from PIL import Image

from transferkit.backbones.resolve import resolve_model
from transferkit.config.settings import Config
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.errors import ConfigError
from transferkit.features.extract import extract_features
from transferkit.inference.predictor import BatchPredictor
from transferkit.models.classifier import build_extractor

pytestmark = pytest.mark.slow


def paths(manifest: Manifest) -> list[str]:
    return manifest.part("train")["path"].tolist()


def test_features_are_what_keras_says(manifest: Manifest, pretrained: Config) -> None:
    files, extractor = paths(manifest), build_extractor(resolve_model(pretrained.model), 32)
    images = read_images(files, 32, pretrained.data).astype("float32")
    found = extract_features(spec_of(pretrained, precision="float32"), files)
    assert found.values == pytest.approx(extractor.predict(images, verbose=0), abs=1e-4)


def test_16_bits_point_the_same_way(manifest: Manifest, pretrained: Config) -> None:
    files = paths(manifest)
    exact = extract_features(spec_of(pretrained, precision="float32"), files).values
    quick = extract_features(spec_of(pretrained, precision="bfloat16"), files).values
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(quick, axis=1)
    assert ((exact * quick).sum(axis=1) / lengths).min() > 0.99


def test_the_same_files_are_read_once(manifest: Manifest, pretrained: Config) -> None:
    files = paths(manifest)
    first = extract_features(spec_of(pretrained), files)
    other_head = dataclasses.replace(pretrained.model, head="hidden", dropout=0.5)
    assert (
        extract_features(spec_of(dataclasses.replace(pretrained, model=other_head)), files).values
        is first.values
    )


def test_what_is_shared_cannot_be_written_to(manifest: Manifest, pretrained: Config) -> None:
    found = extract_features(spec_of(pretrained), paths(manifest))
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 0


def test_random_weights_are_refused(manifest: Manifest, scratch: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        extract_features(spec_of(scratch), paths(manifest))
    assert str(caught.value) == (
        "The frozen features of 'lenet' were asked for with --weights none: random weights give "
        "no useful features; pass --weights imagenet or a file."
    )


def test_outputs_come_in_the_order_of_the_files(manifest: Manifest, pretrained: Config) -> None:
    files, forward = (
        paths(manifest),
        BatchPredictor(build_extractor(resolve_model(pretrained.model), 32)),
    )
    there = forward(files, pretrained.data, doing="")
    back = forward(files[::-1], pretrained.data, doing="")
    assert back[::-1] == pytest.approx(there, abs=1e-5)


def test_a_file_that_has_changed_is_read_anew(
    drawn: Callable[..., Path], pretrained: Config
) -> None:
    files = [str(path) for path in sorted((drawn(images=2) / "circles").iterdir())]
    before = extract_features(spec_of(pretrained), files).values
    Image.new("RGB", (40, 40), "red").save(files[0])
    after = extract_features(spec_of(pretrained), files).values
    assert not np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])
