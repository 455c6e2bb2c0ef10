"""The side of the pictures, from the settings `image_size` and `image_sizes`."""

from __future__ import annotations

import pytest

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.spec import input_size
from transferkit.cli.job import Job
from transferkit.config.settings import Config, DataConfig, ModelConfig
from transferkit.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "image_size", "image_sizes", "found"),
    [
        ("mobilenet_v2", None, (), 224),
        ("mobilenet_v2", 96, (), 96),
        ("mobilenet_v2", None, (96, 192), 192),
        ("mobilenet_v2", None, (192, 96), 192),
        ("mobilenet_v2", 192, (96, 192), 192),
        ("mobilenet_v2", None, (96,), 96),
        ("lenet", None, (64,), 64),
    ],
)
def test_pictures_are_decoded_at_the_largest_of_the_sides(
    name: str, image_size: int | None, image_sizes: tuple[int, ...], found: int
) -> None:
    assert input_size(find_backbone(name), image_size, image_sizes) == found


@pytest.mark.parametrize(
    ("name", "image_size", "image_sizes", "sentence"),
    [
        (
            "mobilenet_v2",
            128,
            (96, 192),
            "The settings are --image-size 128 and --model.image-sizes 96 192: leave "
            "--image-size out, since images are decoded at the largest of them, 192.",
        ),
        (
            "mobilenet_v2",
            None,
            (24, 96),
            "The backbone 'mobilenet_v2' cannot take images of 24 pixels: pass "
            "--model.image-sizes 32 or more.",
        ),
        (
            "lenet",
            None,
            (32, 64),
            "The backbone 'lenet' ends in dense layers, which fit one image size only: pass "
            "--image-size 64 in place of --model.image-sizes.",
        ),
        (
            "alexnet",
            24,
            (),
            "The backbone 'alexnet' cannot take images of 24 pixels: pass --image-size 67 or more.",
        ),
    ],
)
def test_sides_that_do_not_fit_are_one_sentence(
    name: str, image_size: int | None, image_sizes: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        input_size(find_backbone(name), image_size, image_sizes)
    assert str(caught.value) == sentence


def test_a_job_says_so_before_anything_is_read() -> None:
    model = ModelConfig(backbone="mobilenet_v2", image_sizes=(96, 192))
    with pytest.raises(ConfigError, match="leave --image-size out"):
        Job("nowhere", Config(data=DataConfig(image_size=128), model=model)).check()
