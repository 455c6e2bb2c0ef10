"""Augmentation policies: the bounds of changes to training images."""

from __future__ import annotations

import dataclasses

from transferkit.errors import unknown_name


@dataclasses.dataclass(frozen=True)
class Policy:
    """Bounds of the changes to an image; each image draws its own values within them.

    Hue is left alone: the name of a colour is often what tells two classes apart, and no camera
    confuses red with green as it does bright with dark.
    """

    name: str
    title: str
    """A short description."""
    flip: bool = False
    """Half of the images are mirrored left to right."""
    rotation: float = 0.0
    """Degrees to either side."""
    zoom: float = 0.0
    """0.25: between 1.25 times larger and 1.25 times smaller."""
    shift: float = 0.0
    """Share of the side, in each direction."""
    brightness: float = 0.0
    """0.2: values times 0.8 to 1.2."""
    contrast: float = 0.0
    """0.2: distance from the image's mean grey times 0.8 to 1.2."""
    saturation: float = 0.0
    """0.2: distance from each pixel's grey times 0.8 to 1.2."""
    erase: float = 0.0
    """Half of the images lose one rectangle, of up to this share of their area."""

    @property
    def changes(self) -> bool:
        """Whether it does anything."""
        return self.moves or self.recolours or self.erase > 0

    @property
    def moves(self) -> bool:
        """Whether it moves pixels."""
        return self.flip or max(self.rotation, self.zoom, self.shift) > 0

    @property
    def recolours(self) -> bool:
        """Whether it changes colours."""
        return max(self.brightness, self.contrast, self.saturation) > 0


POLICIES = (
    Policy("none", "the pictures as they are"),
    Policy("flip", "mirrored left to right", flip=True),
    # What the next photograph of the same thing could look like.
    Policy(
        "photo",
        "another shot of the same thing",
        flip=True,
        rotation=10.0,  # a camera held by hand is seldom tilted more
        zoom=0.15,  # half a step to the front or back at the distance of a portrait
        shift=0.08,  # the object leaves the centre, and stays in the frame
        brightness=0.15,  # a quarter of a stop (2 ** 0.25 = 1.19): another exposure
        contrast=0.15,  # the spread between the picture modes of cameras
        saturation=0.2,  # the same; at 0.5 and beyond pictures look processed
    ),
    # Unlike a photograph and still recognised at a glance: for long training of many weights.
    Policy(
        "strong",
        "far from the original, still recognisable",
        flip=True,
        rotation=25.0,  # at 45 and beyond, upright things (houses, letters) read as fallen
        zoom=0.35,  # half of the area is the least that stays in view: (1 / 1.35) ** 2 = 0.55
        shift=0.12,  # with that zoom, most of a centred object still stays in view
        brightness=0.3,  # half a stop (2 ** 0.5 = 1.41) darker or brighter at the most
        contrast=0.3,
        saturation=0.5,  # a faded print to a postcard
        erase=0.15,  # arXiv 1708.04896 erases up to 0.4, which can hide a small object whole
    ),
)


def find_policy(name: str) -> Policy:
    """Return the policy `name` of `POLICIES`.

    Raises:
        ConfigError: there is none; the sentence names the nearest.
    """
    for policy in POLICIES:
        if policy.name == name:
            return policy
    raise unknown_name("augmentation policy", name, [policy.name for policy in POLICIES])
