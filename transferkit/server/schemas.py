"""OpenAPI schemas of requests and responses.

They are documentation only. The server parses bodies itself, since pydantic models would hold a
request of many megabytes several times in memory.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def record(required: tuple[str, ...] | None = None, **properties: Schema) -> Schema:
    """Return the schema of an object; all `properties` are required by default."""
    names = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, "required": names}


def listed(items: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **more}


def json_answer(description: str, schema: Schema) -> Schema:
    """Return a response with JSON of this schema."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def json_body(schema: Schema) -> Schema:
    """Return a required body with JSON of this schema."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
BYTES: Schema = {"type": "string", "format": "binary"}
BASE64: Schema = {"type": "string", "format": "byte"}
ERROR = record(error=TEXT)
ERRORS: dict[int | str, Schema] = {
    status: json_answer(description, ERROR)
    for status, description in {
        400: "The request cannot be understood.",
        401: "The token is missing or wrong.",
        403: "A page of another origin sent the request.",
        404: "There is no such model or version.",
        408: "The request did not arrive in time.",
        413: "The request, or an image in it, is too large.",
        415: "The Content-Type or Content-Encoding is not supported.",
        422: "No image of the request can be read.",
        503: "The server is busy; Retry-After says when to try again.",
        504: "The prediction took too long.",
    }.items()
}
FILES = record(("files",), files=listed(BYTES, minItems=1))
ENCODED = record(
    ("images",),
    images=listed({"oneOf": [BASE64, record(("b64",), b64=BASE64, name=TEXT)]}, minItems=1),
)
IMAGES: Schema = {
    "required": True,
    "description": "One image or more: files, base64 strings, or the bytes of one file.",
    "content": {
        "multipart/form-data": {"schema": FILES},
        "application/json": {"schema": ENCODED},
        "image/*": {"schema": BYTES},
        "application/octet-stream": {"schema": BYTES},
    },
}
PREDICTION: Schema = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "class": {"type": ["string", "null"]},
        "probability": {"type": ["number", "null"]},
        "unsure": {"type": ["boolean", "null"]},
        "probabilities": {"type": ["object", "null"], "additionalProperties": NUMBER},
        "problem": TEXT,
    },
    "required": ["name", "class", "probability", "unsure", "probabilities", "problem"],
}
PREDICTIONS = record(
    model=TEXT, version={"type": "integer"}, predictions=listed(PREDICTION, minItems=1)
)
