"""A row of the table as a `keras.Model`, and the preprocessing that it was trained with."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras

from transferkit.backbones.catalog import find_backbone
from transferkit.backbones.cifar_resnet import cifar_resnet
from transferkit.backbones.efficientnet_lite import efficientnet_lite, load_torch_weights
from transferkit.backbones.googlenet import googlenet
from transferkit.backbones.lenet_alexnet import alexnet, lenet
from transferkit.backbones.perceptrons import mlp, softmax_regression
from transferkit.backbones.pocket.network import pocket
from transferkit.backbones.spec import BackboneSpec, require_image_size
from transferkit.backbones.weights import weights_path
from transferkit.errors import WeightsError

NEWER = ".weights.h5"  # how the names of Keras 3's own files of weights have to end
RESCALING: dict[str, tuple[Any, Any]] = {
    "caffe": (1.0, [-103.939, -116.779, -123.68]),  # ImageNet's mean in BGR, 0 to 255
    "tf": (1 / 127.5, -1.0),
    "torch": (  # ImageNet's mean and deviation in RGB, 0 to 1
        [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
        [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
    ),
    "scale": (1 / 255, 0.0),
    "lite": (1 / 128, -127 / 128),
}
"""Scale and offset of each preprocessing; that of the rows with "inside" is a layer of theirs."""
OWN_NETWORKS: dict[str, Callable[..., keras.KerasTensor]] = {
    **dict.fromkeys([f"efficientnet_lite{number}" for number in range(3)], efficientnet_lite),
    "pocket": pocket,
    "softmax_regression": softmax_regression,
    "mlp": mlp,
    "lenet": lenet,
    "alexnet": alexnet,
    "googlenet": googlenet,
    **dict.fromkeys(("resnet20_cifar", "resnet56_cifar"), cifar_resnet),
}
"""Preprocessed images to the feature map, for each backbone that is not in `keras.applications`."""


def build_backbone(
    row: BackboneSpec | str,
    weights: str = "imagenet",
    image_size: int | None = None,
    *,
    stages: bool = False,
    any_side: bool = False,
) -> keras.Model:
    """The network of `row`, without top or pooling, named as the row is.

    It takes preprocessed images, `(images, height, width, 3)`, and gives their feature map,
    `(images, height, width, features)`; one that ends in a vector gives `(images, features)`.
    `weights` is imagenet, none or the path of a file; `image_size` is in pixels, the row's native
    one if None.

    With `stages` it gives a list of maps, those of `row.stages`, if the row has any. With
    `any_side` it takes images of whatever side, in place of `image_size`. MobileNetV2 and V3
    then pad
    every map as one of an even side, so that what they say of one with an odd side differs.

    Raises:
        ConfigError: no backbone has that name, or it cannot be built for so small a side.
        WeightsError: the weights are missing, or another network's.
    """
    row = find_backbone(row) if isinstance(row, str) else row
    image_size = row.image_size if image_size is None else image_size
    require_image_size(row, image_size)
    path = weights_path(row, weights)
    shape = (None, None, 3) if any_side else (image_size, image_size, 3)
    images = keras.Input(shape, name="images")
    network = keras.Model(images, _feature_map(row, images), name=row.name)
    if path is not None:
        _load(network, path)
    return _by_stages(network, row) if stages and row.stages else network


def preprocess(row: BackboneSpec, images: keras.KerasTensor) -> keras.KerasTensor:
    """`images`, RGB 0 to 255, as the network of `row` takes them, by Keras' own layers.

    Always in float32: with 16 bits the mean would be off before the network begins.
    """
    if row.preprocessing == "inside":
        return images
    if row.preprocessing == "caffe":
        images = keras.ops.flip(images, axis=-1)
    scale, offset = RESCALING[row.preprocessing]
    return keras.layers.Rescaling(scale, offset, dtype="float32")(images)


def _feature_map(row: BackboneSpec, images: keras.KerasTensor) -> keras.KerasTensor:
    if not row.application:
        return OWN_NETWORKS[row.name](images, **dict(row.arguments))
    application = getattr(keras.applications, row.application)
    network = application(
        include_top=False,
        weights=None,
        input_tensor=images,
        input_shape=images.shape[1:],
        **dict(row.arguments),
    )
    _number_within(network)
    return network.output


def _by_stages(network: keras.Model, row: BackboneSpec) -> keras.Model:
    """`network`, the same layers in the same order, with the maps of its stages as outputs."""
    outputs = {operation.name: operation.output for operation in network.operations}
    return keras.Model(network.input, [outputs[stage] for stage in row.stages], name=row.name)


def _number_within(network: keras.Model) -> None:
    """Number the layers that Keras named by their place in the network.

    Keras counts such layers over the whole process, so that `conv2d_3` would be another layer in
    the second network than in the first, and a block could not be named by it.
    """
    for index, operation in enumerate(network.operations):
        kind = re.sub(r"_\d+$", "", operation.name)
        if kind.replace("_", "") == type(operation).__name__.lower():
            operation.name = f"{kind}_{index}"


def _load_by_content(network: keras.Model, path: Path) -> None:
    """Load the file `path`: Keras tells its two forms of HDF5 apart by the ending alone."""
    if path.suffix == ".pth":
        load_torch_weights(network, path)
        return
    with h5py.File(path) as file:
        # Keras divides a list of names that is too long: layer_names0, layer_names1 ...
        older = any(name.startswith("layer_names") for name in file.attrs)
        older = older or "model_weights" in file
    if older != path.name.endswith(NEWER):
        network.load_weights(str(path))
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, Path(folder) / f"weights{'.h5' if older else NEWER}")
        network.load_weights(str(copy))


def _load(network: keras.Model, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            # Keras warns of each group that a foreign file lacks, then raises.
            warnings.simplefilter("ignore", UserWarning)
            _load_by_content(network, path)
    except (ValueError, KeyError, OSError) as error:
        raise WeightsError(
            f"The weights in {str(path)!r} do not fit {network.name!r} without its top: "
            "give that backbone's own, or name the one that they are of with --backbone."
        ) from error
