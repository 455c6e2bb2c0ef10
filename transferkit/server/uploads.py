"""Images of a request to `/v1/predict`: multipart, JSON with base64, or the bytes of one file."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

from starlette.requests import Request

from transferkit.server.bodies import Part, multipart_parts
from transferkit.server.errors import RequestError

MAX_NAME = 200  # characters of a file's name that are repeated in the answer
FORMS = (
    'send one or more files as multipart/form-data, {"images": ["BASE64", ...]} as JSON, or one '
    "file as it is with the Content-Type image/*"
)
MAX_OBJECTS_PER_IMAGE = 4
MAX_QUOTES_PER_OBJECT = 8  # of two keys and their texts
MIN_BYTES_PER_LIST = 6  # of a pixel, as in [0,0,0]: JSON with more lists than that is no image


class Upload(NamedTuple):
    """An uploaded image: the name of its file, or its number, and its content."""

    name: str
    content: bytes


class Form(NamedTuple):
    """A parsed request: its images, and the other fields of a multipart form as text."""

    images: list[Upload]
    fields: dict[str, str]


def read_form(request: Request, body: bytes, *, max_images: int, image_bytes: int) -> Form:
    """Return the images in `body`.

    Raises:
        RequestError: its format is not supported (400, 415), it has no image (400), more than
            `max_images` (413), or an image of more than `image_bytes` (413).
    """
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    fields: dict[str, str] = {}
    if kind == "multipart/form-data":
        parts = multipart_parts(body, content_type)
        images = [_of_part(part, index) for index, part in enumerate(parts) if _is_file(part)]
        fields = {part.field: _text(part.content) for part in parts if not _is_file(part)}
    elif kind == "application/json":
        images = _of_json(parse_json(body, max_objects=MAX_OBJECTS_PER_IMAGE * max_images))
    elif kind.startswith("image/") or kind == "application/octet-stream":
        images = [Upload("image 0", body)]
    else:
        raise RequestError(415, f"The Content-Type is {kind[:100]!r}: {FORMS}.")
    if not images:
        raise RequestError(400, f"There is no image in the request: {FORMS}.")
    require_room(len(images), max_images)
    for image in images:
        require_size(image.name, len(image.content), image_bytes)
    return Form(images, fields)


def require_room(images: int, max_images: int) -> None:
    """Raise `RequestError` (413) for more images than the queue of the server takes."""
    if images > max_images:
        raise RequestError(
            413, f"The request has {images} images: send at most {max_images} in one."
        )


def require_size(name: str, size: int, limit: int) -> None:
    """Raise `RequestError` (413) for an image of more than `limit` bytes."""
    if size > limit:
        raise RequestError(
            413, f"{name!r} has {size:,} bytes, more than the {limit:,} of this server."
        )


def parse_json(body: bytes, *, max_objects: int) -> dict[str, Any]:
    """Return the JSON object in `body`.

    Raises:
        RequestError: it is no JSON object, or has so many objects, lists or texts that it would
            take many times its size in memory, and seconds (400).
    """
    if (
        body.count(b"{") > max_objects + 1
        or body.count(b'"') > MAX_QUOTES_PER_OBJECT * (max_objects + 1)
        or body.count(b"[") > len(body) / MIN_BYTES_PER_LIST + 8
    ):
        raise RequestError(400, "The JSON has more objects, lists or texts than images need.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body is no JSON: {str(error)[:200]}.") from error
    if not isinstance(value, dict):
        raise RequestError(400, "The body should be a JSON object.")
    return value


def from_base64(text: Any, name: str) -> bytes:
    """Return the bytes of base64 `text`, which may be a data URI.

    Raises:
        RequestError: it is not base64 (400).
    """
    if not isinstance(text, str):
        raise RequestError(400, f"{name} is no text in base64.")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(400, f"{name} is no text in base64: {error}.") from error


def _is_file(part: Part) -> bool:
    """Return whether a part is an image; other parts are fields of the form."""
    return bool(part.file_name) or part.field in ("file", "files", "image", "images")


def _of_part(part: Part, index: int) -> Upload:
    return Upload(part.file_name[:MAX_NAME] or f"image {index}", part.content)


def _of_json(value: dict[str, Any]) -> list[Upload]:
    items = value.get("images")
    if not isinstance(items, list):
        raise RequestError(400, 'The JSON has no list "images" of texts in base64.')
    uploads = []
    for index, item in enumerate(items):
        name, text = f"image {index}", item
        if isinstance(item, dict):
            name, text = str(item.get("name", name))[:MAX_NAME], item.get("b64")
        uploads.append(Upload(name, from_base64(text, f"Image {index}")))
    return uploads


def _text(content: bytes) -> str:
    return content[:MAX_NAME].decode("utf-8", "replace")
