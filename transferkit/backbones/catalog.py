"""The catalog of backbones: facts only, read without loading a framework.

The networks of `keras.applications` are in `specs_accurate` and `specs_fast`, those that start from
random weights in `specs_scratch`. `build.OWN_NETWORKS` has a function for each of the project's
own.
"""

from __future__ import annotations

from transferkit.backbones.spec import BackboneSpec
from transferkit.backbones.specs_accurate import ACCURATE
from transferkit.backbones.specs_fast import FAST
from transferkit.backbones.specs_scratch import SCRATCH
from transferkit.errors import unknown_name

POCKET = BackboneSpec(
    name="pocket",
    title="Pocket",
    paper="Own; its blocks: Deep Residual Learning for Image Recognition, CVPR 2016, "
    "arXiv:1512.03385",
    image_size=96,
    smallest_side=32,
    width=512,
    parameters=1_817_504,
    preprocessing="tf",
    blocks=("stem_pad", *(f"stage{number}_block1_first_pad" for number in (1, 2, 3))),
    stages=("stage1_block2", "stage2_block2", "stage3_block2", "top_relu"),
    pooling="stages_both",
    embedded="pocket/pocket.weights.h5",
    weights_hash="ac6fbb5521adbcf6279787ebf641d05b57e2cb43a8cd28f1fe6b6408bc587768",
    licence="Apache-2.0 (transferkit's own)",
    lesson="Distilled from MobileNetV2 with ImageNet weights on 200,000 synthetic images. For "
    "small plain pictures: on hand signs and digits it is as accurate at 96 px as "
    "efficientnet_lite0 at 160 px and 2.9 times as fast; on photographs it is 2 to 4 points "
    "below it at 96 px (docs/benchmarks.md, docs/explanation/pocket.md).",
)
"""The embedded one: its weights come with the package, so that it needs no network."""

BACKBONES: tuple[BackboneSpec, ...] = (*ACCURATE, *FAST, POCKET, *SCRATCH)


def find_backbone(name: str) -> BackboneSpec:
    """The row of the backbone called `name`.

    Raises:
        ConfigError: no backbone is called so.
    """
    for row in BACKBONES:
        if row.name == name:
            return row
    names = [row.name for row in BACKBONES]
    raise unknown_name("backbone", name, names, see="transferkit backbones")
