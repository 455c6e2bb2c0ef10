"""Batches that several devices can share to the end: Keras and TensorFlow fail on others."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from transferkit.data.manifest import Manifest
from transferkit.training.dataset import read_split, shared_batch


@pytest.mark.parametrize(
    ("batch_size", "images", "replicas", "wanted"),
    [
        (32, 100, 1, 32),
        (32, 10, 1, 10),
        (32, 100, 2, 32),
        (7, 100, 2, 6),  # 3.5 images for each device are none
        (32, 33, 2, 30),  # 32 leave one image for two devices
        (32, 3, 2, 0),
        (32, 1, 4, 0),
    ],
)
def test_the_largest_batch_that_all_can_share(
    batch_size: int, images: int, replicas: int, wanted: int
) -> None:
    assert shared_batch(batch_size, images, replicas) == wanted


def test_no_device_is_ever_without_an_image() -> None:
    for batch, images, replicas in product(range(1, 20), range(1, 40), range(1, 5)):
        size = shared_batch(batch, images, replicas)
        if size:
            assert size <= batch
            assert size % replicas == 0
            assert images % size == 0 or images % size >= replicas


@pytest.mark.parametrize(("images", "replicas"), [(1, 2), (3, 2), (5, 2), (2, 3), (1, 8)])
def test_images_that_cannot_be_shared_are_repeated_all_as_often(images: int, replicas: int) -> None:
    paths = [f"{number}.png" for number in range(images)]
    frame = pd.DataFrame(
        {"path": paths, "label": "a", "split": "train", "group": "", "problem": ""}
    )
    part = read_split(Manifest(frame), "train", batch_size=32, replicas=replicas)
    assert {part.paths.count(path) for path in paths} == {len(part) // images}
    assert part.batch_size % replicas == 0
    assert len(part) % part.batch_size == 0 or len(part) % part.batch_size >= replicas


def test_a_batch_has_an_image_for_each_device_at_least() -> None:
    frame = pd.DataFrame({"path": list("abcd"), "label": "a", "split": "train"})
    frame = frame.assign(group="", problem="")
    assert read_split(Manifest(frame), "train", batch_size=1, replicas=4).batch_size == 4
