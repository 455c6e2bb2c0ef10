"""EfficientNet-Lite in plain Keras layers, and its published weights from a PyTorch file."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
from keras import layers

from transferkit.backbones.torch_file import read_tensors

STEM, HEAD = 32, 1280  # features; not scaled with the width
STAGES = (  # blocks, side of the kernel, stride, expansion, features
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
TORCH_LAYERS = {  # a layer of a block: its name in the PyTorch file
    "expand": "_expand_conv",
    "expand_bn": "_bn0",
    "depthwise": "_depthwise_conv",
    "depthwise_bn": "_bn1",
    "project": "_project_conv",
    "project_bn": "_bn2",
}


def efficientnet_lite(
    images: keras.KerasTensor, *, width: float = 1.0, depth: float = 1.0
) -> keras.KerasTensor:
    """`(images, height, width, 3)` to `(images, side / 32, side / 32, 1280)`, rounded up.

    EfficientNet (Tan and Le, ICML 2019, arXiv:1905.11946) without squeeze-and-excitation, with
    ReLU6 for swish, and with a stem, a head and first and last stages that are not scaled:
    github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
    """
    x = _convolution(images, "stem_conv", "stem_bn", features=STEM, kernel=3, strides=2)
    number = 0
    for stage, (blocks, kernel, strides, expansion, features) in enumerate(STAGES):
        inner = 0 < stage < len(STAGES) - 1
        for block in range(math.ceil(blocks * depth) if inner else blocks):
            x = _inverted_residual(
                x,
                f"block{number}",
                kernel=kernel,
                strides=1 if block else strides,
                expansion=expansion,
                features=_scaled(features, width),
            )
            number += 1
    return _convolution(x, "head_conv", "head_bn", features=HEAD)


def load_torch_weights(network: keras.Model, path: Path) -> None:
    """Load the PyTorch file `path` into `network`, an EfficientNet-Lite without its top.

    Raises:
        ValueError: the file is damaged, or of another network.
    """
    tensors = read_tensors(path)
    for layer in network.layers:
        if not layer.weights:
            continue
        name = _torch_name(layer.name)
        if isinstance(layer, layers.BatchNormalization):
            keys = [f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        else:
            keys = [f"{name}.weight"]
        if missing := [key for key in keys if key not in tensors]:
            raise ValueError(f"it has no tensor {missing[0]!r}")
        layer.set_weights([_as_keras(tensors[key], layer) for key in keys])


def _convolution(
    x: keras.KerasTensor,
    name: str,
    normalisation: str,
    *,
    features: int = 0,
    kernel: int = 1,
    strides: int = 1,
    relu: bool = True,
) -> keras.KerasTensor:
    """Convolution (depthwise without `features`), batch normalisation and ReLU6."""
    if features:
        convolution = layers.Conv2D(
            features, kernel, strides, padding="same", use_bias=False, name=name
        )
    else:
        convolution = layers.DepthwiseConv2D(
            kernel, strides, padding="same", use_bias=False, name=name
        )
    x = layers.BatchNormalization(epsilon=1e-3, name=normalisation)(convolution(x))
    return layers.ReLU(6.0, name=f"{normalisation}_relu")(x) if relu else x


def _inverted_residual(
    x: keras.KerasTensor, name: str, *, kernel: int, strides: int, expansion: int, features: int
) -> keras.KerasTensor:
    inputs, wide = x, x.shape[-1] * expansion
    if expansion > 1:
        x = _convolution(x, f"{name}_expand", f"{name}_expand_bn", features=wide)
    depthwise = f"{name}_depthwise"
    x = _convolution(x, depthwise, f"{depthwise}_bn", kernel=kernel, strides=strides)
    project = f"{name}_project"
    x = _convolution(x, project, f"{project}_bn", features=features, relu=False)
    if strides > 1 or inputs.shape[-1] != features:
        return x
    return layers.Add(name=f"{name}_add")([x, inputs])


def _scaled(features: int, width: float) -> int:
    """Round `features` times `width` to a multiple of 8, at least 90 % of it (MobileNetV2's)."""
    wanted = features * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def _torch_name(layer: str) -> str:
    outside = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "head_conv": "_conv_head",
        "head_bn": "_bn1",
    }
    if layer in outside:
        return outside[layer]
    block, _, part = layer.partition("_")
    return f"_blocks.{block.removeprefix('block')}.{TORCH_LAYERS[part]}"


def _as_keras(tensor: np.ndarray, layer: keras.Layer) -> np.ndarray:
    """Return `tensor` with its axes in Keras' order: PyTorch has (out, in, height, width)."""
    if isinstance(layer, layers.DepthwiseConv2D):
        return tensor.transpose(2, 3, 0, 1)
    return tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor
