"""Grad-CAM of an uploaded image: the picture, and the picture with the heat map over it."""

from __future__ import annotations

from typing import Any

import numpy as np

from transferkit.data.decoding.image_files import ImageError
from transferkit.errors import TransferkitError
from transferkit.report.comparison.explanation import coloured
from transferkit.report.html.pictures import picture_as_seen
from transferkit.report.html.thumbnails import picture_uri
from transferkit.server.errors import RequestError
from transferkit.server.served_model import ServedModel

EDGE = 448  # pixels of the longer side: sharp on a telephone
QUALITY = 85  # of the JPEGs


def explanation(model: ServedModel, content: bytes, class_name: str) -> dict[str, Any]:
    """Return the image in `content` and its Grad-CAM for a class, as data URIs.

    `overlay` is empty if Grad-CAM cannot be computed for the network.

    Raises:
        RequestError: there is no such class (404), or no image (422).
    """
    if class_name not in model.classes:
        raise RequestError(404, f"The model has no class {class_name[:100]!r}.")
    try:
        pixels = model.decode(content)
        picture = picture_as_seen(content, EDGE, model.network.data)
    except ImageError as problem:
        raise RequestError(422, f"The image {problem}.") from problem
    from transferkit.models.grad_cam import grad_cam

    answer = np.array([model.classes.index(class_name)])
    try:
        heat = grad_cam(model.network.model, pixels[None], answer)[0]
    except TransferkitError:
        overlay = ""
    else:
        overlay = picture_uri(coloured(picture, heat), QUALITY)
    return {"explained": class_name, "picture": picture_uri(picture, QUALITY), "overlay": overlay}
