"""What enters the released part: read once, kept, and the same as the network's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from feature_worlds import spec_of

from transferkit.config.settings import ComputeConfig, Config
from transferkit.data.decoding.decode import read_images
from transferkit.data.manifest import Manifest
from transferkit.features.cache.listing import list_tables
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL
from transferkit.inference.devices import choose_device
from transferkit.models.classifier import build_classifier
from transferkit.models.split import split_at
from transferkit.storage.disk_cache import features_folder
from transferkit.training.activation_cache import cache_activations
from transferkit.training.dataset import read_split
from transferkit.training.state import CachedActivations, TrainingState

pytestmark = pytest.mark.slow

FLOAT32 = ComputeConfig(precision="float32")


def start(manifest: Manifest, config: Config, blocks: int = 1, **train: object) -> TrainingState:
    """A fit in which nothing has been done yet."""
    config = dataclasses.replace(config, train=dataclasses.replace(config.train, **train))
    classifier = build_classifier(config.model, manifest.classes, image_size=config.data.image_size)
    parts = [read_split(manifest, split, batch_size=16) for split in ("train", "validation")]
    device = choose_device(config.compute)
    return TrainingState(classifier, config, device, parts[0], parts[1], blocks=blocks)


def keep(fit: TrainingState) -> CachedActivations:
    rows = cache_activations(fit)
    assert rows is not None
    return rows


def test_rows_are_what_the_network_has_at_the_boundary(
    manifest: Manifest, pretrained: Config
) -> None:
    fit = start(manifest, dataclasses.replace(pretrained, compute=FLOAT32))
    rows = keep(fit)
    images = read_images(fit.validation.paths, 32, pretrained.data).astype("float32")
    expected, _ = split_at(fit.classifier, pretrained.model, 1).below(images, training=False)
    found = rows.validation.read(range(len(images)))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3)  # float16 has 11 bits


def test_the_part_above_says_of_them_what_the_network_says(
    manifest: Manifest, pretrained: Config
) -> None:
    fit = start(manifest, dataclasses.replace(pretrained, compute=FLOAT32))
    rows = keep(fit)
    images = read_images(fit.train.paths, 32, pretrained.data).astype("float32")
    found = rows.above.predict(rows.train[0].read(range(len(images))).astype("f4"), verbose=0)
    np.testing.assert_allclose(
        found, fit.classifier.predict(images, verbose=0), rtol=1e-2, atol=1e-3
    )


def test_each_view_is_there_beside_the_plain_images(manifest: Manifest, pretrained: Config) -> None:
    rows = keep(start(manifest, pretrained, augment="photo", cached_views="2"))
    plain, *views = [each.read(range(len(each))) for each in rows.train]
    assert len(views) == 2
    assert not any(np.array_equal(plain, view) for view in views)
    assert not np.array_equal(*views)


def test_features_come_out_on_the_way(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = start(manifest, pretrained)
    keep(fit)
    on_the_way = {each.folder for each in list_tables(features_folder())}
    DEFAULT_POOL.clear()
    capsys.readouterr()
    found = extract_features(spec_of(pretrained), fit.train.paths)
    number = len(set(fit.train.paths))
    assert capsys.readouterr().err == (
        f"Features of {number} of {number} images come from the cache.\n"
    )
    assert {each.folder for each in list_tables(features_folder())} == on_the_way
    data = dataclasses.replace(pretrained.data, cache_gb=0)
    anew = extract_features(
        spec_of(dataclasses.replace(pretrained, data=data)), fit.train.paths
    ).values
    np.testing.assert_allclose(found.values, anew, rtol=1e-2, atol=1e-2)


def test_what_is_kept_from_before_is_said_and_costs_what_it_did(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = start(manifest, pretrained), start(manifest, pretrained)
    whole = sum(each.seconds for each in keep(first).train)
    capsys.readouterr()
    rows = keep(second)
    images = len(second.train) + len(second.validation)
    assert capsys.readouterr().err == (
        f"Activations of {images} of {images} images come from the cache.\n"
    )
    assert sum(each.seconds for each in rows.train) == pytest.approx(whole)
    assert second.borrowed_seconds > first.borrowed_seconds


@pytest.mark.parametrize("train", [{"cached_views": "every"}, {"mix": "cutmix"}])
def test_what_blends_pixels_goes_from_pixels(
    manifest: Manifest, pretrained: Config, train: dict[str, str]
) -> None:
    assert cache_activations(start(manifest, pretrained, **train)) is None


@pytest.mark.parametrize("blocks", [0, 5])
def test_where_all_or_nothing_learns_there_is_no_boundary(
    manifest: Manifest, pretrained: Config, blocks: int
) -> None:
    assert cache_activations(start(manifest, pretrained, blocks)) is None


def test_rows_without_room_are_said(
    manifest: Manifest, pretrained: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    data = dataclasses.replace(pretrained.data, cache_gb=1e-6)
    fit = start(manifest, dataclasses.replace(pretrained, data=data), augment="none")
    assert cache_activations(fit) is None
    images = len(fit.train) + len(fit.validation)
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"The activations before stage3_block1_first_pad of {images} images and views take 0.0 "
        "GB, and --cache-gb is 1e-06: each epoch decodes the images and runs the whole network."
    )


def test_rows_that_the_disk_does_not_take_are_not_blamed_on_the_setting(
    manifest: Manifest, pretrained: Config, own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_cache.parent.mkdir(exist_ok=True)
    own_cache.write_text("no folder")
    fit = start(manifest, pretrained, augment="none")
    assert cache_activations(fit) is None
    images = len(fit.train) + len(fit.validation)
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"The activations before stage3_block1_first_pad of {images} images and views cannot all "
        "be cached: each epoch decodes the images and runs the whole network."
    )
