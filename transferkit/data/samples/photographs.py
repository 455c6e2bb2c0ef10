"""Photographs that come with scikit-image and scikit-learn, inside their wheels.

By their documents, `brick`, `camera`, `chelsea` (the cat), `coffee`, `grass`, `gravel` and `retina`
are under CC0; `astronaut` and `hubble_deep_field` (galaxies) are NASA's and `rocket` is SpaceX's,
in the public domain; `immunohistochemistry` (tissue) has no known restrictions. `china.jpg` (the
temple) is from danielbuechele's page on Flickr and `flower.jpg` from vultilion's, both under CC BY
2.0: they, or parts of them, may be passed on with these names.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

PHOTOGRAPHS = {
    "astronaut": "astronaut",
    "brick": "brick",
    "camera": "camera",
    "cat": "chelsea",
    "coffee": "coffee",
    "flower": "flower.jpg",
    "galaxies": "hubble_deep_field",
    "grass": "grass",
    "gravel": "gravel",
    "retina": "retina",
    "rocket": "rocket",
    "temple": "china.jpg",
    "tissue": "immunohistochemistry",
}
"""The function of `skimage.data` for each, or the file for `sklearn.datasets`.

Only those in the wheels, since scikit-image downloads the others.
"""
CROPS = 64  # five of each photograph: from 32, MobileNetV2 in int8 is further from float32
MIN_CROP = 0.1  # of a photograph's shorter side: a crop is a texture, a thing, or most of it
CLIPPED_PERCENT = 2  # of a crop's pixels that become black, and as many that become white


def photograph(name: str) -> Image.Image:
    """Return the photograph of that name in `PHOTOGRAPHS`, grey or RGB, as it comes."""
    source = PHOTOGRAPHS[name]
    if source.endswith(".jpg"):
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(source))
    import skimage.data

    return Image.fromarray(getattr(skimage.data, source)())


def varied_crops(image_size: int) -> np.ndarray:
    """Return `(CROPS, side, side, 3)` uint8 RGB, squares of the photographs; deterministic.

    They are of all sizes, and each has the whole range of values, as photographs with bright skies
    and deep shadows have: activations in a network reach values that flat pictures never cause.
    """
    rng = np.random.default_rng(0)
    whole = [photograph(name).convert("RGB") for name in PHOTOGRAPHS]
    crops = np.empty((CROPS, image_size, image_size, 3), np.uint8)
    for number in range(CROPS):
        picture = whole[number % len(whole)]
        part = min(picture.size) * MIN_CROP ** rng.random()
        left, top = (rng.uniform(0, length - part) for length in picture.size)
        box = (left, top, left + part, top + part)
        crop = picture.resize((image_size, image_size), Image.Resampling.BICUBIC, box=box)
        crops[number] = np.asarray(ImageOps.autocontrast(crop, cutoff=CLIPPED_PERCENT))
    return crops
