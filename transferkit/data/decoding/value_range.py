"""Range of values of more than 8 bits, grey or colours, that becomes black to white.

A range per image would make a dark picture and a bright one the same; so there is one for all of
a folder's files, and it is saved with the classifiers.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from transferkit.data.decoding.metadata import StrippedFile
from transferkit.errors import DataError

Range = tuple[float, ...]
"""The values of black and of white; empty where the type of the values implies them."""
BITS = (8, 10, 12, 14, 16, 24, 32)  # of sensors and of files
FLOAT_RANGES = ((0.0, 1.0), (0.0, 255.0))  # the usual ones
MAX_WIDTH_RATIO = 100.0  # of two files' values: beyond, one file would be of one colour
OF_16_BITS = (0.0, 65535.0)
BYTES = "uint8"  # the values of an image that needs no range


class Values(NamedTuple):
    """The grey values or colours of an image: their NumPy type, minimum and maximum."""

    values: str = BYTES
    low: float = 0.0
    high: float = 255.0


def wide_values(image: Image.Image, file: StrippedFile) -> np.ndarray | None:
    """Return `(height, width)` the grey values as they are stored; None for 8 bits."""
    if file.values == "int8":
        return np.asarray(image).view(np.int8)
    if not image.mode.startswith("I") and image.mode != "F":
        return None
    values = np.asarray(image)
    if file.values:
        return values.view(file.values)
    if image.format == "PPM" and image.mode == "I":
        return values.astype(np.uint16)  # Pillow has scaled them
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def grey_of(values: np.ndarray) -> Values:
    """Return the type of `values`, and the minimum and maximum of the finite ones."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return Values(values.dtype.name, 0.0, 0.0)
    return Values(values.dtype.name, float(finite.min()), float(finite.max()))


def range_of_type(grey: Values) -> Range:
    """Return the range of the type, where it is unsigned 16 bits; empty for any other."""
    return OF_16_BITS if grey.values == "uint16" else ()


def scaled(values: np.ndarray, value_range: Range, *, inverted: bool) -> np.ndarray:
    """Return `values` as uint8: `value_range` becomes 0..255, others are clipped, NaN is black."""
    low, high = value_range
    if values.dtype == np.uint16:  # a table takes a tenth of the memory
        return scaled(np.arange(2**16), value_range, inverted=inverted)[values]
    with np.errstate(invalid="ignore"):  # a signalling NaN
        shares = (values.astype(np.float64) - low) / max(high - low, np.finfo(float).tiny)
    shares = np.nan_to_num(np.clip(shares, 0, 1), nan=0.0)
    return np.rint(255 * (1 - shares if inverted else shares)).astype(np.uint8)


def range_of_bits(high: float) -> Range:
    """Return 0 to the maximum of as many bits as the whole number `high` needs."""
    return 0.0, float(2 ** next(bits for bits in BITS if high < 2**bits) - 1)


def folder_range(files: pd.DataFrame, name: str) -> Range:
    """Return the range of the images of more than 8 bits among `files`; empty without any.

    Whole numbers: 0 to the maximum of as many bits as the largest value needs; from the minimum
    where that is negative. Floats: 0 to 1 or 0 to 255 where they nearly fill that range, else from
    the minimum (or 0) to the maximum.

    Raises:
        DataError: floats that differ so much that some images would be of one colour.
    """
    wide = files[(files["problem"] == "") & (files["values"] != BYTES)]
    if wide.empty:
        return ()
    low, high = float(wide["low"].min()), float(wide["high"].max())
    if not wide["values"].str.startswith("float").any():
        if low < 0:
            return low, max(high, low + 1)
        return range_of_bits(high)
    _require_similar_widths(wide, name)
    for black, white in FLOAT_RANGES:
        if low >= black and white / 2 <= high <= white:
            return black, white
    low = min(low, 0.0)
    return low, high if high > low else low + 1.0


def _require_similar_widths(wide: pd.DataFrame, name: str) -> None:
    widths = (wide["high"] - wide["low"]).astype(float)
    varied = widths[widths > 0]
    if varied.empty or varied.max() < MAX_WIDTH_RATIO * varied.min():
        return
    ends = wide.loc[[varied.idxmin(), varied.idxmax()]]
    examples = [
        f"{os.path.basename(path)!r} from {low:g} to {high:g}"
        for path, low, high in zip(ends["path"], ends["low"], ends["high"], strict=True)
    ]
    raise DataError(
        f"The values of {name!r} are in no one range: {examples[0]}, {examples[1]}; save them in "
        "one, or say which is black and which is white: --data.value-range LOW HIGH."
    )


def range_note(files: pd.DataFrame, value_range: Range) -> list[str]:
    """Return a note on how the images of more than 8 bits are scaled, if there are any."""
    good = files[files["problem"] == ""]
    wide = good[good["values"] != BYTES]
    if wide.empty:
        return []
    low, high = value_range
    rest = len(good) - len(wide)
    others = f"; the other {rest} have 8 bits and stay as they are" if rest else ""
    return [
        f"{len(wide)} images have values of more than 8 bits, {wide['low'].min():g} to "
        f"{wide['high'].max():g}: {low:g} to {high:g} becomes black to white{others} "
        "(--data.value-range LOW HIGH says otherwise)."
    ]
