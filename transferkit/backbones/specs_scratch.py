"""Rows of the table: the networks that start from random weights, a regression to ResNet-56."""

from __future__ import annotations

from transferkit.backbones.spec import BackboneSpec

LECUN_PAPER = (
    "Gradient-Based Learning Applied to Document Recognition, Proceedings of the IEEE 1998"
)
RESNET_PAPER = "Deep Residual Learning for Image Recognition, CVPR 2016, arXiv:1512.03385"
INCEPTION_MODULES = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")


def _cifar_resnet(depth: int, parameters: int) -> BackboneSpec:
    blocks = (depth - 2) // 6  # of each stage
    return BackboneSpec(
        name=f"resnet{depth}_cifar",
        title=f"ResNet-{depth} (CIFAR)",
        paper=RESNET_PAPER,
        image_size=32,
        smallest_side=8,
        width=64,
        parameters=parameters,
        preprocessing="tf",
        blocks=("stem_conv", *(f"stage{stage}_block1_1_conv" for stage in (1, 2, 3))),
        stages=tuple(f"stage{stage}_block{blocks}_relu" for stage in (1, 2, 3)),
        arguments=(("depth", depth),),
    )


SCRATCH: tuple[BackboneSpec, ...] = (
    BackboneSpec(
        name="softmax_regression",
        title="Softmax regression",
        paper=LECUN_PAPER,
        image_size=28,
        smallest_side=8,
        width=2352,
        parameters=0,
        preprocessing="scale",
        blocks=("flatten",),
    ),
    BackboneSpec(
        name="mlp",
        title="Multi-layer perceptron 300-100",
        paper=LECUN_PAPER,
        image_size=28,
        smallest_side=8,
        width=100,
        parameters=736_000,
        preprocessing="tf",
        blocks=("dense1", "dense2"),
    ),
    BackboneSpec(
        name="lenet",
        title="LeNet-5",
        paper=LECUN_PAPER,
        image_size=32,
        smallest_side=16,
        width=84,
        parameters=61_156,
        preprocessing="scale",
        blocks=("conv1", "conv2", "dense1", "dense2"),
    ),
    BackboneSpec(
        name="alexnet",
        title="AlexNet",
        paper="ImageNet Classification with Deep Convolutional Neural Networks, NeurIPS 2012",
        image_size=227,
        smallest_side=67,
        width=4096,
        parameters=56_868_224,
        preprocessing="scale",
        blocks=("conv1", "conv2", "conv3", "conv4", "conv5", "dense1", "dense2"),
    ),
    BackboneSpec(
        name="googlenet",
        title="GoogLeNet",
        paper="Going Deeper with Convolutions, CVPR 2015, arXiv:1409.4842",
        image_size=224,
        smallest_side=32,
        width=1024,
        parameters=5_973_552,
        preprocessing="tf",
        blocks=(
            "conv1",
            "conv2_reduce",
            *(f"inception_{module}_3x3_reduce" for module in INCEPTION_MODULES),
        ),
        stages=("inception_3b", "inception_4e", "inception_5b"),
        auxiliary=("inception_4a", "inception_4d"),
    ),
    _cifar_resnet(20, 270_448),
    _cifar_resnet(56, 856_432),
)
"""Networks without pretrained weights. What has dense layers grows with the side of the images."""
