"""A network in 8-bit integers: quantised by NNCF, from photographs that are always the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from transferkit.data.photographs import varied_crops
from transferkit.progress import say, track
from transferkit.training.untold import import_untold


def quantised(model: Any) -> Any:
    """`model`, an `openvino.Model` of uint8 images, with its convolutions and products in int8.

    The range of each activation is that of `varied_crops`, whatever images come later, so that the
    same network is quantised the same way for any folder.
    """
    started = time.perf_counter()
    images = _Shown(varied_crops(model.input(0).partial_shape[1].get_length()))
    nncf = import_untold("nncf")
    nncf.set_log_level(logging.ERROR)
    # Where batch normalisation is left beside the convolutions, NNCF sees no biases to correct.
    import_untold("openvino._offline_transformations").apply_moc_transformations(model, cf=False)
    with redirect_stdout(StringIO()):  # its own bars
        # Biases are corrected layer by layer: the fast way, all at once, saves no time to speak of,
        # and MobileNet 0.25's least cosine with float32 is 0.93 by it, 0.98 by this.
        found = nncf.quantize(
            model, nncf.Dataset(images), subset_size=len(images), fast_bias_correction=False
        )
    say(f"Quantised to int8 in {time.perf_counter() - started:.1f} s.")
    return found


class _Shown:
    """The images one at a time, as often as they are asked for; a bar shows how many are done."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[np.ndarray]:
        yield from track(self.images[:, None], len(self), doing="Measuring ranges for int8")
