"""The embedded backbone: the file in the package, and what the network makes of pictures."""

from __future__ import annotations

import hashlib

import keras
import numpy as np
import pytest

from tools.pocket.scenes import draw_scene
from transferkit.backbones.build import build_backbone
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.weights import weights_path

ROW = find_backbone("pocket")
MOST_BYTES = 4_000_000  # a package should not grow by more for it


@pytest.fixture(scope="module")
def pocket() -> keras.Model:
    return build_backbone("pocket", "embedded", any_side=True)


def test_the_file_is_the_one_that_the_row_names() -> None:
    path = weights_path(ROW, "embedded")
    assert path is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ROW.weights_hash
    assert path.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("image_size", [32, 75, 96, 100, 192])
def test_a_picture_of_any_side_has_a_map_of_stride_16(pocket: keras.Model, image_size: int) -> None:
    pictures = np.zeros((1, image_size, image_size, 3), np.float32)
    assert pocket(pictures).shape == (1, -(-image_size // 16), -(-image_size // 16), ROW.width)


def test_the_weights_know_something_of_their_pictures(pocket: keras.Model) -> None:
    """Learnt features vary with the picture, none too few and none dead, unlike random ones."""
    pictures = np.stack([draw_scene(10**9 + number) for number in range(64)]) / 127.5 - 1
    features = pocket(pictures.astype(np.float32)).numpy().mean(axis=(1, 2))
    deviations = features.std(axis=0)
    assert (deviations > 1e-3).mean() > 0.9
    variances = np.linalg.eigvalsh(np.cov(features, rowvar=False))[::-1]
    assert variances[:5].sum() / variances.sum() < 0.8
