"""Pictures as smooth as photographs and as full of detail, each from a seed."""

import numpy as np
from PIL import Image


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Blobs of colour, of four sizes."""
    generator = np.random.default_rng(seed)
    picture = np.zeros((*size[::-1], 3))
    for cells in (4, 9, 20, 45):
        noise = Image.fromarray(generator.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        picture += np.asarray(noise.resize(size, Image.Resampling.BICUBIC)) / 4
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))
