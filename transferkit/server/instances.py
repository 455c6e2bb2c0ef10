"""Requests and responses of TensorFlow Serving's REST API, in its row and its column format.

The API: https://www.tensorflow.org/tfx/serving/api_rest.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from transferkit.data.decoding.in_memory import as_bytes
from transferkit.errors import DataError
from transferkit.server.errors import RequestError
from transferkit.server.served_model import ServedModel
from transferkit.server.uploads import (
    MAX_OBJECTS_PER_IMAGE,
    from_base64,
    parse_json,
    require_room,
    require_size,
)

INPUT, OUTPUT = "images", "probabilities"
SIGNATURES = ("serving_default", "serve", "")
"""Names of the signature: the defaults of TensorFlow Serving and of a Keras export, or none."""
DIGITS = 9  # of a float32, so that it is read back as the same


class Instances(NamedTuple):
    """The images of a request, contents of files or arrays, and the key of the response."""

    images: list[bytes | np.ndarray]
    key: str


def read_instances(
    body: bytes, model: ServedModel, *, max_images: int, image_bytes: int
) -> Instances:
    """Return the images in the JSON `body`.

    Raises:
        RequestError: it does not have that format (400), or is too large (413).
    """
    request = parse_json(body, max_objects=MAX_OBJECTS_PER_IMAGE * max_images)
    signature = request.get("signature_name", "")
    if signature not in SIGNATURES:
        raise RequestError(
            400, f"Serving signature name: {str(signature)[:100]!r} not found in signature def"
        )
    if ("instances" in request) == ("inputs" in request):
        raise RequestError(400, "Missing 'inputs' or 'instances' key (give one of the two)")
    by_row = "instances" in request
    items = request["instances"] if by_row else _column(request["inputs"])
    if not isinstance(items, list) or not items:
        raise RequestError(400, "The images should be a list that is not empty.")
    require_room(len(items), max_images)
    images = [_image(item, f"Image {index}", model) for index, item in enumerate(items)]
    for index, image in enumerate(images):
        if isinstance(image, bytes):
            require_size(f"image {index}", len(image), image_bytes)
    return Instances(images, "predictions" if by_row else "outputs")


def answer_rows(rows: list[np.ndarray]) -> list[list[float]]:
    """Return probabilities as numbers for JSON that parse to the same float32 values."""
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in rows]


def _column(inputs: Any) -> Any:
    """Return the input of the column format; its name may be missing or be any name."""
    if isinstance(inputs, dict) and set(inputs) != {"b64"}:
        inputs = _only(inputs)
    return [inputs] if isinstance(inputs, dict) else inputs


def _only(named: dict[str, Any]) -> Any:
    if len(named) != 1:
        raise RequestError(400, f"The model has one input, {INPUT!r}; {len(named)} were given.")
    return next(iter(named.values()))


def _image(item: Any, name: str, model: ServedModel) -> bytes | np.ndarray:
    if isinstance(item, dict) and set(item) != {"b64"}:
        item = _only(item)
    if isinstance(item, dict):
        return from_base64(item.get("b64"), name)
    pixels = _pixels(item, name)
    if pixels.shape[:2] == (model.image_size, model.image_size):
        return pixels
    try:
        return as_bytes(pixels, name)
    except DataError as error:
        raise RequestError(400, str(error)) from error


def _pixels(values: Any, name: str) -> np.ndarray:
    """Return the nested lists `values` as `(height, width, 3)` uint8.

    Raises:
        RequestError: they are no RGB image of whole numbers from 0 to 255 (400).
    """
    right = "it should be lists (height, width, 3) of whole numbers 0 to 255, RGB"
    try:
        array = np.asarray(values if _are_numbers(values) else None)
    except ValueError:
        raise RequestError(400, f"{name} has rows of several lengths: {right}.") from None
    if array.ndim != 3 or array.shape[2] != 3 or not array.size or array.dtype.kind not in "iuf":
        raise RequestError(
            400, f'{name} is no RGB image: {right}, or {{"b64": "..."}} with the bytes of a file.'
        )
    if array.min() < 0 or array.max() > 255 or (array != np.rint(array)).any():
        raise RequestError(
            400, f"{name} has values from {array.min():g} to {array.max():g}: {right}."
        )
    return np.ascontiguousarray(array, np.uint8)


def _are_numbers(values: Any) -> bool:
    """Return whether what is three lists deep are numbers.

    NumPy would make each of several texts as long as the longest: gigabytes of a small request.
    """
    try:
        return set(map(type, chain.from_iterable(chain.from_iterable(values)))) <= {int, float}
    except TypeError:  # it is not that deep
        return False
