"""The table of backbones: facts only, read without loading a framework."""

from __future__ import annotations

from transferkit.backbones.row import Backbone
from transferkit.backbones.rows_deep import DEEP
from transferkit.backbones.rows_light import LIGHT
from transferkit.errors import unknown_name

SCRATCH: tuple[Backbone, ...] = (
    Backbone(
        name="lenet",
        title="LeNet-5",
        paper="Gradient-Based Learning Applied to Document Recognition, "
        "Proceedings of the IEEE 1998",
        side=32,
        smallest_side=16,
        width=84,
        parameters=61_156,
        preprocessing="scale",
        blocks=("conv1", "conv2", "dense1", "dense2"),
    ),
    Backbone(
        name="alexnet",
        title="AlexNet",
        paper="ImageNet Classification with Deep Convolutional Neural Networks, NeurIPS 2012",
        side=227,
        smallest_side=67,
        width=4096,
        parameters=58_281_344,
        preprocessing="scale",
        blocks=("conv1", "conv2", "conv3", "conv4", "conv5", "dense1", "dense2"),
    ),
)
"""Networks without pretrained weights; their dense layers grow with the side of the images."""

BACKBONES: tuple[Backbone, ...] = (*DEEP, *LIGHT, *SCRATCH)


def find_backbone(name: str) -> Backbone:
    """The row of the backbone called `name`.

    Raises:
        ConfigError: no backbone is called so.
    """
    for row in BACKBONES:
        if row.name == name:
            return row
    names = [row.name for row in BACKBONES]
    raise unknown_name("backbone", name, names, see="transferkit backbones")
