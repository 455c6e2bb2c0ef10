"""Rows of the table: the networks made for accuracy, VGG to ConvNeXt."""

from __future__ import annotations

from transferkit.backbones.spec import BackboneSpec

VGG_PAPER = (
    "Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015, arXiv:1409.1556"
)


def _vgg(depth: int, parameters: int, weights_hash: str) -> BackboneSpec:
    return BackboneSpec(
        name=f"vgg{depth}",
        title=f"VGG{depth}",
        paper=VGG_PAPER,
        application=f"VGG{depth}",
        image_size=224,
        smallest_side=32,
        width=512,
        parameters=parameters,
        preprocessing="caffe",
        blocks=tuple(f"block{number}_conv1" for number in range(1, 6)),
        stages=("block3_pool", "block4_pool", "block5_pool"),
        weights_path=f"vgg{depth}/vgg{depth}_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash=weights_hash,
        licence="CC BY 4.0 (VGG, University of Oxford)",
    )


ACCURATE: tuple[BackboneSpec, ...] = (
    _vgg(16, 14_714_688, "6d6bbae143d832006294945121d1f1fc"),
    _vgg(19, 20_024_384, "253f8cb515780f3b799900260a226db6"),
    BackboneSpec(
        name="inception_v3",
        title="InceptionV3",
        paper="Rethinking the Inception Architecture for Computer Vision, "
        "CVPR 2016, arXiv:1512.00567",
        application="InceptionV3",
        image_size=299,
        smallest_side=75,
        width=2048,
        parameters=21_802_784,
        preprocessing="tf",
        # The first convolution of the stem and of each module, by its place in the network.
        blocks=tuple(
            f"conv2d_{number}" for number in (1, 41, 64, 87, 101, 133, 165, 197, 229, 249, 280)
        ),
        stages=("mixed2", "mixed7", "mixed10"),
        weights_path="inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="bcbd6486424b2319ff4ef7d526e38f63",
        licence="Apache-2.0 (tensorflow/models)",
    ),
    BackboneSpec(
        name="resnet50",
        title="ResNet50",
        paper="Deep Residual Learning for Image Recognition, CVPR 2016, arXiv:1512.03385",
        application="ResNet50",
        image_size=224,
        smallest_side=32,
        width=2048,
        parameters=23_587_712,
        preprocessing="caffe",
        blocks=("conv1_conv", *(f"conv{number}_block1_1_conv" for number in range(2, 6))),
        stages=("conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        weights_path="resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="4d473c1dd8becc155b73f8504c6f6626",
        licence="MIT (Kaiming He)",
    ),
    BackboneSpec(
        name="resnet50_v2",
        title="ResNet50V2",
        paper="Identity Mappings in Deep Residual Networks, ECCV 2016, arXiv:1603.05027",
        application="ResNet50V2",
        image_size=224,
        smallest_side=32,
        width=2048,
        parameters=23_564_800,
        preprocessing="tf",
        blocks=("conv1_conv", *(f"conv{number}_block1_preact_bn" for number in range(2, 6))),
        stages=("conv3_block4_preact_relu", "conv4_block6_preact_relu", "post_relu"),
        weights_path="resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="fac2f116257151a9d068a22e544a4917",
        licence="BSD (Facebook, fb.resnet.torch)",
    ),
    BackboneSpec(
        name="xception",
        title="Xception",
        paper="Xception: Deep Learning with Depthwise Separable Convolutions, "
        "CVPR 2017, arXiv:1610.02357",
        application="Xception",
        image_size=299,
        smallest_side=71,
        width=2048,
        parameters=20_861_480,
        preprocessing="tf",
        blocks=(
            "block1_conv1",
            "block2_sepconv1",
            *(f"block{number}_sepconv1_act" for number in range(3, 14)),
            "block14_sepconv1",
        ),
        stages=("block4_sepconv1_act", "block13_sepconv1_act", "block14_sepconv2_act"),
        weights_path="xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="b0042744bf5b25fce3cb969f33bebb97",
        licence="MIT (Keras)",
    ),
    BackboneSpec(
        name="densenet121",
        title="DenseNet121",
        paper="Densely Connected Convolutional Networks, CVPR 2017, arXiv:1608.06993",
        application="DenseNet121",
        image_size=224,
        smallest_side=32,
        width=1024,
        parameters=7_037_504,
        preprocessing="torch",
        blocks=("conv1_conv", *(f"conv{number}_block1_0_bn" for number in range(2, 6))),
        stages=("pool3_relu", "pool4_relu", "relu"),
        weights_path="densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="30ee3e1110167f948a6b9946edeeb738",
        licence="BSD-3-Clause (liuzhuang13/DenseNet)",
    ),
    BackboneSpec(
        name="convnext_tiny",
        title="ConvNeXtTiny",
        paper="A ConvNet for the 2020s, CVPR 2022, arXiv:2201.03545",
        application="ConvNeXtTiny",
        image_size=224,
        smallest_side=32,
        width=768,
        parameters=27_820_128,
        preprocessing="inside",
        blocks=(
            "convnext_tiny_stem",
            *(f"convnext_tiny_downsampling_block_{number}" for number in range(3)),
        ),
        # The sums of two stages, by their place in the network, and the last normalisation.
        stages=("add_51", "add_124", "layer_normalization_150"),
        weights_path="convnext/convnext_tiny_notop.h5",
        weights_hash="d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
        licence="Not stated by Keras; the original (facebookresearch/ConvNeXt) is under MIT",
    ),
)
