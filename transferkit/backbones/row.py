"""One row of the table of backbones: what is known of a network before it is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from transferkit.errors import ConfigError

Preprocessing = Literal["caffe", "tf", "torch", "inside", "scale"]


@dataclass(frozen=True)
class Backbone:
    """The facts of a network without its top; no framework is needed to read them."""

    name: str
    title: str
    paper: str
    """Title, venue and year, arXiv number."""
    side: int
    """Pixels along each side of the images that the weights were learnt from."""
    smallest_side: int
    """Pixels along each side of the smallest image that the network can be built for."""
    width: int
    """Values that describe an image, once the feature map is pooled."""
    parameters: int
    """Weights without the top, at the native side, those that no gradient reaches among them."""
    preprocessing: Preprocessing
    """What the network was trained on: caffe, BGR less the mean; tf, -1 to 1; torch, 0 to 1, then
    standardised; scale, 0 to 1; inside, 0 to 255, since the network's own layers scale."""
    blocks: tuple[str, ...]
    """First layer of each block that can be released, from the input on. In the order of
    `model.layers`, all from that layer on is of that block or a later one, and is computed from
    a single tensor of what is below."""
    application: str = ""
    """The function in `keras.applications`; empty for a network of the project's own."""
    arguments: tuple[tuple[str, float], ...] = ()
    """What sets the network apart from others that the same function builds."""
    weights_path: str = ""
    """The ImageNet weights without the top, below Keras' base address; empty if there are none."""
    weights_hash: str = ""
    """Digest of that file in hexadecimal: MD5, or SHA-256 if it has 64 digits; empty where Keras
    gives none."""
    licence: str = ""
    """Licence of the weights: what Keras' documentation says of it, or that it says nothing. They
    were learnt from ImageNet, whose pictures are given out for research without profit."""

    @property
    def pretrained(self) -> bool:
        """Whether there are ImageNet weights for it."""
        return bool(self.weights_path)

    @property
    def weights_file(self) -> str:
        """The name under which Keras keeps the ImageNet weights in its cache."""
        return PurePosixPath(self.weights_path).name


def require_side(row: Backbone, side: int | None) -> None:
    """Raise `ConfigError` if the network of `row` cannot be built for images of `side` pixels."""
    if side is not None and side < row.smallest_side:
        raise ConfigError(
            f"The backbone {row.name!r} cannot see images of {side} pixels a side: "
            f"pass --side {row.smallest_side} or more."
        )
