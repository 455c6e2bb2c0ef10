"""One row of the table of backbones: what is known of a network before it is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from transferkit.errors import ConfigError

Preprocessing = Literal["caffe", "tf", "torch", "inside", "scale", "lite"]
STAGES = ("stages", "stages_both")  # the poolings that look at the maps of several stages


@dataclass(frozen=True)
class BackboneSpec:
    """The facts of a network without its top; no framework is needed to read them."""

    name: str
    title: str
    paper: str
    """Title, venue and year, arXiv number."""
    image_size: int
    """Pixels along each side of the images that the weights were trained on."""
    smallest_side: int
    """Pixels along each side of the smallest input of the network."""
    width: int
    """Values that describe an image, once the feature map is pooled."""
    parameters: int
    """Number of parameters without the top, at the native image size, non-trainable ones
    included."""
    preprocessing: Preprocessing
    """Preprocessing that it was trained with: caffe, BGR less the mean; tf, -1 to 1; torch, 0 to 1,
    then standardised; scale, 0 to 1; lite, (x - 127) / 128; inside, 0 to 255, since the network's
    own layers scale."""
    blocks: tuple[str, ...]
    """First layer of each block that can be unfrozen, from the input on. In `model.layers`, every
    layer from there on belongs to that block or a later one, and takes a single tensor from the
    layers before."""
    stages: tuple[str, ...] = ()
    """Layers whose outputs are pooled by the poolings `STAGES`, from the input on: the last map at
    each of the coarsest sides, activated where any is, and the network's output at the end. Empty
    for a network that ends in a vector."""
    auxiliary: tuple[str, ...] = ()
    """Layers whose outputs have an auxiliary classifier each while it learns from random
    weights."""
    pooling: Literal["avg", "stages", "stages_both"] = "avg"
    """Pooling that the setting auto stands for."""
    fine_tuned_blocks: int = 1
    """Blocks, from the top, that the setting auto of `unfreeze` stands for."""
    application: str = ""
    """The function in `keras.applications`; empty for a network of the project's own."""
    arguments: tuple[tuple[str, float], ...] = ()
    """Keyword arguments of that function for this network."""
    embedded: str = ""
    """The weights without the top that come with the package, below `backbones`; empty if none."""
    package_file: str = ""
    """The ImageNet weights in an installed package, below `site-packages`; empty if in none."""
    weights_path: str = ""
    """The ImageNet weights without the top, below Keras' base address; empty if there are none."""
    weights_hash: str = ""
    """Digest of that file in hexadecimal: MD5, or SHA-256 if it has 64 digits; empty where Keras
    gives none, so that the file cannot be verified: MobileNet's and MobileNetV2's."""
    licence: str = ""
    """Licence of the weights: what Keras' documentation says of it, or that it says nothing.
    ImageNet weights stem from images that are provided for non-commercial research."""
    lesson: str = ""
    """How the weights were made, for those of the project's own."""

    @property
    def has_imagenet_weights(self) -> bool:
        """Whether there are ImageNet weights of it, in a package or to download."""
        return bool(self.package_file or self.weights_path)

    @property
    def pretrained(self) -> bool:
        """Whether there are pretrained weights for it, ImageNet's or embedded ones."""
        return self.has_imagenet_weights or bool(self.embedded)

    @property
    def package(self) -> str:
        """The package, as pip names it, that has the file `package_file`."""
        return self.package_file.partition("/")[0].replace("_", "-")

    @property
    def weights_file(self) -> str:
        """The name under which Keras keeps the ImageNet weights in its cache."""
        return PurePosixPath(self.weights_path).name


def require_image_size(
    row: BackboneSpec, image_size: int | None, *, flag: str = "--image-size"
) -> None:
    """Raise `ConfigError` if the network of `row` cannot be built for `image_size` pixels.

    `flag` is where that side came from.
    """
    if image_size is not None and image_size < row.smallest_side:
        raise ConfigError(
            f"The backbone {row.name!r} cannot take images of {image_size} pixels: pass {flag} "
            f"{row.smallest_side} or more."
        )


def input_size(row: BackboneSpec, image_size: int | None, image_sizes: tuple[int, ...] = ()) -> int:
    """Pixels along each side of the pictures that a classifier on `row` takes.

    `image_size` and `image_sizes` are the settings of these names.

    Raises:
        ConfigError: they contradict each other, or the network cannot look at one of them.
    """
    if not image_sizes:
        require_image_size(row, image_size)
        return row.image_size if image_size is None else image_size
    largest = max(image_sizes)
    if image_size not in (None, largest):
        raise ConfigError(
            f"The settings are --image-size {image_size} and --model.image-sizes "
            f"{' '.join(map(str, image_sizes))}: leave --image-size out, since images are decoded "
            f"at the largest of them, {largest}."
        )
    for side in image_sizes:
        require_image_size(row, side, flag="--model.image-sizes")
    if len(image_sizes) > 1 and not row.stages:
        raise ConfigError(
            f"The backbone {row.name!r} ends in dense layers, which fit one image size only: pass "
            f"--image-size {largest} in place of --model.image-sizes."
        )
    return largest


def blocks_to_unfreeze(row: BackboneSpec, unfreeze: str, *, pretrained: bool) -> int:
    """How many blocks from the top the setting `unfreeze` means.

    Raises:
        ConfigError: more than the backbone has.
    """
    named = {"none": 0, "last": 1, "all": len(row.blocks)}
    if unfreeze == "auto":
        unfreeze = str(row.fine_tuned_blocks) if pretrained else "all"
    number = named[unfreeze] if unfreeze in named else int(unfreeze)
    if number > len(row.blocks):
        raise ConfigError(
            f"The setting 'unfreeze' is {number}: {row.name} has {len(row.blocks)} blocks, "
            "so it should be that or less, or all."
        )
    return number
