"""A file that changes while a run reads: what is kept of it is known by what was read."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from feature_worlds import spec_of
from kept_worlds import EVEN, FACTS, WIDTH, World, keys_of

from transferkit.baselines import image_features
from transferkit.config.settings import Config, DataConfig
from transferkit.data.loading.prefetch import decoded_batches
from transferkit.data.quality.file_info import content_keys
from transferkit.features import extract
from transferkit.features.cache.store import Batch
from transferkit.features.extract import extract_features
from transferkit.features.extractor_pool import DEFAULT_POOL

pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(drawn: Callable[..., Path]) -> list[str]:
    return [str(path) for path in sorted((drawn(images=5) / "circles").iterdir())]


@pytest.fixture
def changing(
    pictures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[object], None]:
    """The second picture becomes the last one just after its key was looked up in a module."""
    original = tmp_path / "original"
    shutil.copy(pictures[1], original)

    changed: list[str] = []

    def arrange(module: object) -> None:
        def keys_and_change(paths: list[str]) -> list[bytes]:
            keys = content_keys(paths)
            if not changed:
                changed.append(shutil.copy(pictures[4], pictures[1]))
            return keys

        monkeypatch.setattr(module, "content_keys", keys_and_change)

    return arrange


def restored(pictures: list[str], tmp_path: Path) -> list[str]:
    shutil.copy(tmp_path / "original", pictures[1])
    return pictures[:4]


def test_the_keys_are_those_of_what_was_decoded(pictures: list[str]) -> None:
    keys = [b""] * len(pictures)
    batches = list(decoded_batches(pictures, 8, DataConfig(), batch_size=2, keys=keys))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert keys == content_keys(pictures)


def test_features_of_another_picture_are_not_kept_under_the_first_ones_key(
    pretrained: Config,
    pictures: list[str],
    changing: Callable[[object], None],
    tmp_path: Path,
) -> None:
    changing(extract)
    extract_features(spec_of(pretrained), pictures[:4])
    DEFAULT_POOL.clear()
    kept = extract_features(spec_of(pretrained), restored(pictures, tmp_path))
    data = DataConfig(image_size=pretrained.data.image_size, cache_gb=0)
    alone = extract_features(spec_of(dataclasses.replace(pretrained, data=data)), pictures[:4])
    np.testing.assert_allclose(kept.values, alone.values, rtol=1e-3, atol=1e-3)


def test_features_of_a_baseline_are_kept_by_what_was_read_too(
    pictures: list[str], changing: Callable[[object], None], tmp_path: Path
) -> None:
    changing(image_features)
    hog = image_features.ImageFeatures("hog")
    first = hog.transform(pictures[:4])
    kept = hog.transform(restored(pictures, tmp_path))
    alone = image_features.ImageFeatures("hog", cache_gb=0).transform(pictures[:4])
    np.testing.assert_array_equal(kept, alone)
    assert not np.array_equal(first[1], kept[1])


def test_rows_on_disk_are_those_of_what_was_read(tmp_path: Path) -> None:
    world = World(tmp_path)
    keys = keys_of([1, 2, 3])

    def compute(places: list[int]) -> Iterator[Batch]:
        keys[1] = keys_of([9])[0]
        yield np.stack([EVEN, EVEN + 9, EVEN]), 1.0

    rows = world.table(FACTS).map(keys, compute, width=WIDTH)
    assert rows is not None
    np.testing.assert_array_equal(rows.read([1])[0], EVEN + 9)
    np.testing.assert_array_equal(world.read(2).values[0], EVEN + 2 * WIDTH)
