"""Learnt parameters of the networks from random weights, beside the published numbers.

    python benchmarks/parameters.py

Each network has the channels, the classes and the top of its paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferkit.runtime.process import silence_tensorflow

if TYPE_CHECKING:
    import keras

BVLC = "BVLC's Caffe model"
RESNET = "He et al. 2016, table 6"


@dataclass(frozen=True)
class Published:
    """A network with its published number of parameters, which is rounded to `unit`."""

    name: str
    side: int
    classes: int
    parameters: int
    source: str
    unit: int = 1
    channels: int = 3
    top: tuple[int, ...] = ()
    """Units of the dense layers before the last, where the row has no top."""
    auxiliary: bool = False
    remark: str = ""

    @property
    def title(self) -> str:
        return f"{self.name}, {'auxiliary heads' if self.auxiliary else f'{self.side} px'}"


PUBLISHED = (
    Published("softmax_regression", 28, 10, 7_850, "LeCun et al. 1998, III.C", channels=1),
    Published("mlp", 28, 10, 267_000, "Han et al. 2015, table 1", unit=1000, channels=1),
    Published(
        "lenet",
        32,
        10,
        60_000,
        "LeCun et al. 1998, II.B",
        unit=10_000,
        channels=1,
        remark="900 more in conv2, 850 in the last layer, 44 fewer without learnt subsampling",
    ),
    Published("alexnet", 227, 1000, 60_965_224, BVLC),
    Published(
        "vgg16",
        224,
        1000,
        138_000_000,
        "Simonyan and Zisserman 2015, table 2",
        unit=1_000_000,
        top=(4096, 4096),
    ),
    Published("googlenet", 224, 1000, 6_998_552, BVLC),
    Published("googlenet", 224, 1000, 13_378_280, BVLC, auxiliary=True),
    Published("resnet20_cifar", 32, 10, 270_000, RESNET, unit=10_000),
    Published("resnet56_cifar", 32, 10, 850_000, RESNET, unit=10_000),
)


def main() -> None:
    """Print a row for each network."""
    silence_tensorflow()
    print(f"{'network':<28}{'classes':>8}{'parameters':>13}{'published':>13}  of")
    for row in PUBLISHED:
        counted = f"{row.title:<28}{row.classes:>8}{count(row):>13,}{row.parameters:>13,}"
        print(f"{counted}  {row.source}{f' ({row.remark})' if row.remark else ''}")


def count(row: Published) -> int:
    """Return the number of learnt parameters."""
    return sum(math.prod(weight.shape) for weight in build(row).trainable_weights)


def build(row: Published) -> keras.Model:
    """Return the network as it was published, from images to classes."""
    import keras
    from keras import layers

    from transferkit.backbones.build import OWN_NETWORKS, build_backbone

    if row.auxiliary:
        return with_auxiliary(row)
    if row.channels == 3:
        backbone = build_backbone(row.name, "none", row.side)
        images, x = backbone.input, backbone.output
    else:
        images = keras.Input((row.side, row.side, row.channels))
        x = OWN_NETWORKS[row.name](images)
    if row.top:
        x = layers.Flatten()(x)
    elif len(x.shape) == 4:
        x = layers.GlobalAveragePooling2D()(x)
    for units in (*row.top, row.classes):
        x = layers.Dense(units)(x)
    return keras.Model(images, x)


def with_auxiliary(row: Published) -> keras.Model:
    """Return the network with the auxiliary heads that it has in training."""
    from transferkit.backbones.resolve import resolve_model
    from transferkit.config.settings import ModelConfig
    from transferkit.models.auxiliary import with_auxiliary_heads
    from transferkit.models.classifier import build_classifier

    model = resolve_model(ModelConfig(row.name, "none"))
    classes = [str(number) for number in range(row.classes)]
    return with_auxiliary_heads(build_classifier(model, classes), model)


if __name__ == "__main__":
    main()
