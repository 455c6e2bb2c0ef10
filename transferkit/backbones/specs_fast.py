"""Rows of the table: the networks made for speed, MobileNet to EfficientNetV2."""

from __future__ import annotations

from transferkit.backbones.spec import BackboneSpec

MOBILENET_PAPER = (
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, "
    "2017, arXiv:1704.04861"
)
MOBILENET_V3_PAPER = "Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244"
EFFICIENTNET_V2_PAPER = (
    "EfficientNetV2: Smaller Models and Faster Training, ICML 2021, arXiv:2104.00298"
)


def _mobilenet(name: str, alpha: float, parameters: int) -> BackboneSpec:
    tenths = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}[alpha]
    return BackboneSpec(
        name=name,
        title="MobileNet" if alpha == 1 else f"MobileNet, {alpha:g} of the width",
        paper=MOBILENET_PAPER,
        application="MobileNet",
        arguments=(("alpha", alpha),),
        image_size=224,
        smallest_side=32,
        width=int(1024 * alpha),
        parameters=parameters,
        preprocessing="tf",
        blocks=("conv1", "conv_pad_2", "conv_pad_4", "conv_pad_6", "conv_pad_12"),
        stages=("conv_pw_5_relu", "conv_pw_11_relu", "conv_pw_13_relu"),
        weights_path=f"mobilenet/mobilenet_{tenths}_224_tf_no_top.h5",
        licence="Apache-2.0 (tensorflow/models)",
    )


def _mobilenet_v3(size: str, width: int, parameters: int, weights_hash: str) -> BackboneSpec:
    starts = {"small": (1, 3, 6, 8), "large": (1, 3, 6, 10, 12)}[size]
    # By their place in the network: Keras gives them no names.
    activations = {"small": (39, 123, 174), "large": (82, 151, 202)}[size]
    return BackboneSpec(
        name=f"mobilenet_v3_{size}",
        title=f"MobileNetV3{size.title()}",
        paper=MOBILENET_V3_PAPER,
        application=f"MobileNetV3{size.title()}",
        image_size=224,
        smallest_side=32,
        width=width,
        parameters=parameters,
        preprocessing="inside",
        blocks=("conv", *(f"expanded_conv_{number}_expand" for number in starts)),
        stages=tuple(f"activation_{place}" for place in activations),
        weights_path=f"mobilenet_v3/weights_mobilenet_v3_{size}_224_1.0_float_no_top_v2.h5",
        licence="Not stated by Keras; the original (tensorflow/models) is under Apache-2.0",
        weights_hash=weights_hash,
    )


def _efficientnet_v2(
    size: str, image_size: int, parameters: int, weights_hash: str
) -> BackboneSpec:
    return BackboneSpec(
        name=f"efficientnet_v2_{size}",
        title=f"EfficientNetV2{size.upper()}",
        paper=EFFICIENTNET_V2_PAPER,
        application=f"EfficientNetV2{size.upper()}",
        image_size=image_size,
        smallest_side=32,
        width=1280,
        parameters=parameters,
        preprocessing="inside",
        blocks=("stem_conv", *(f"block{number}a_expand_conv" for number in range(2, 7))),
        stages=("block4a_expand_activation", "block6a_expand_activation", "top_activation"),
        weights_path=f"efficientnet_v2/efficientnetv2-{size}_notop.h5",
        licence="Not stated by Keras; the original (google/automl) is under Apache-2.0",
        weights_hash=weights_hash,
    )


FAST: tuple[BackboneSpec, ...] = (
    _mobilenet("mobilenet", 1.0, 3_228_864),
    _mobilenet("mobilenet_075", 0.75, 1_832_976),
    _mobilenet("mobilenet_050", 0.5, 829_536),
    _mobilenet("mobilenet_025", 0.25, 218_544),
    BackboneSpec(
        name="mobilenet_v2",
        title="MobileNetV2",
        paper="MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018, arXiv:1801.04381",
        application="MobileNetV2",
        image_size=224,
        smallest_side=32,
        width=1280,
        parameters=2_257_984,
        preprocessing="tf",
        blocks=("Conv1", *(f"block_{number}_expand" for number in (1, 3, 6, 10, 13, 16))),
        stages=("block_6_expand_relu", "block_13_expand_relu", "out_relu"),
        weights_path="mobilenet_v2/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        licence="Apache-2.0 (tensorflow/models)",
    ),
    _mobilenet_v3("small", 576, 939_120, "d3e8ec802a04aa4fc771ee12a9a9b836"),
    _mobilenet_v3("large", 960, 2_996_352, "07fb09a5933dd0c8eaafa16978110389"),
    _efficientnet_v2("b0", 224, 5_919_312, "893217f2bb855e2983157299931e43ff"),
    _efficientnet_v2("s", 384, 20_331_360, "af0682fb74e8c54910f2d4393339c070"),
)
