"""Networks as they are built, loaded from files and saved."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.specs_scratch import SCRATCH
from transferkit.errors import ConfigError, WeightsError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["inception_v3", "mobilenet_v3_small", "convnext_tiny", "resnet20_cifar"]
)
def test_a_second_network_has_the_names_of_the_first(name: str) -> None:
    image_size = find_backbone(name).smallest_side
    first, second = (build_backbone(name, "none", image_size) for _ in range(2))
    assert [one.name for one in first.operations] == [one.name for one in second.operations]


@pytest.mark.parametrize("name", [row.name for row in SCRATCH])
def test_a_network_from_scratch_takes_its_smallest_side(name: str) -> None:
    image_size = find_backbone(name).smallest_side
    assert build_backbone(name, "none", image_size).input_shape == (None, image_size, image_size, 3)


@pytest.mark.parametrize(
    "name", ["vgg16", "densenet121", "mobilenet_025", "convnext_tiny", "resnet20_cifar"]
)
def test_a_saved_network_is_loaded_by_keras_alone(name: str, tmp_path: Path) -> None:
    row = find_backbone(name)
    images = keras.Input((32, 32, 3))
    model = keras.Model(images, build_backbone(row, "none", 32)(preprocess(row, images)))
    model.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, size=(1, 32, 32, 3)).astype("float32")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(pixels), model(pixels), atol=1e-5)


def test_16_bits_reach_the_network_only_after_the_scaling() -> None:
    images = keras.Input((8, 8, 3))
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        scaled = preprocess(find_backbone("resnet50"), images)
    finally:
        keras.config.set_dtype_policy(policy)
    assert scaled.dtype == "float32"


def same(first: keras.Model, second: keras.Model) -> bool:
    """Whether all weights of `second` are those that `first` begins with."""
    pairs = zip(first.get_weights(), second.get_weights())  # noqa: B905 - first may have a top
    return all(np.array_equal(one, other) for one, other in pairs)


def test_weights_from_a_file_are_loaded(tmp_path: Path) -> None:
    saved = build_backbone("mobilenet_025", "none", 32)
    saved.save_weights(tmp_path / "own.weights.h5")
    assert same(saved, build_backbone("mobilenet_025", str(tmp_path / "own.weights.h5"), 64))


def test_weights_from_an_older_keras_are_loaded(tmp_path: Path) -> None:
    saved = build_backbone("mobilenet_025", "none", 32)
    saved.save(tmp_path / "old.h5")
    assert same(saved, build_backbone("mobilenet_025", str(tmp_path / "old.h5"), 32))


def test_weights_with_a_top_are_loaded_without_it(tmp_path: Path) -> None:
    saved = keras.applications.MobileNet(alpha=0.25, weights=None)
    saved.save_weights(tmp_path / "top.weights.h5")
    assert same(saved, build_backbone("mobilenet_025", str(tmp_path / "top.weights.h5"), 32))


@pytest.mark.parametrize("name", ["own.h5", "own.hdf5", "old.weights.h5"])
def test_a_file_of_weights_may_have_been_renamed(tmp_path, name):
    saved = build_backbone("mobilenet_025", "none", 32)
    if name.startswith("own"):
        saved.save_weights(tmp_path / "a.weights.h5")
        (tmp_path / "a.weights.h5").rename(tmp_path / name)
    else:
        saved.save(tmp_path / "a.h5")
        (tmp_path / "a.h5").rename(tmp_path / name)
    assert same(saved, build_backbone("mobilenet_025", str(tmp_path / name), 32))


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_the_weights_of_another_network_are_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"other{ending}"
    network = build_backbone("mobilenet_025", "none", 32)
    network.save_weights(path) if ending == ".weights.h5" else network.save(path)
    with pytest.raises(WeightsError) as caught:
        build_backbone("mobilenet_050", str(path), 32)
    assert str(caught.value) == (
        f"The weights in {str(path)!r} do not fit 'mobilenet_050' without its top: "
        "give that backbone's own, or name the one that they are of with --backbone."
    )


def test_too_small_a_side_is_answered_with_the_smallest() -> None:
    with pytest.raises(ConfigError) as caught:
        build_backbone("xception", "none", 64)
    assert str(caught.value) == (
        "The backbone 'xception' cannot take images of 64 pixels: pass --image-size 71 or more."
    )


def test_without_a_side_the_network_has_its_native_one() -> None:
    assert build_backbone("lenet", "none").input_shape == (None, 32, 32, 3)


def test_lenet_has_the_shapes_of_its_paper() -> None:
    shapes = [layer.output.shape[1:] for layer in build_backbone("lenet", "none").layers[1:]]
    assert shapes == [
        (28, 28, 6),
        (14, 14, 6),
        (10, 10, 16),
        (5, 5, 16),
        (400,),
        (120,),
        (84,),
    ]


def test_an_older_file_with_very_many_layers_is_read(tmp_path, monkeypatch):
    saved = build_backbone("mobilenet_025", "none", 32)
    monkeypatch.setattr("keras.src.legacy.saving.legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT", 200)
    saved.save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as whole, h5py.File(tmp_path / "b.h5", "w") as file:
        for name, value in whole["model_weights"].attrs.items():
            file.attrs[name] = value
        for name in whole["model_weights"]:
            whole.copy(f"model_weights/{name}", file)
        assert "layer_names" not in file.attrs
    assert same(saved, build_backbone("mobilenet_025", str(tmp_path / "b.h5"), 32))
