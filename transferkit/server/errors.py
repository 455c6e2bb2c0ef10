"""Errors of requests, each with its HTTP status and one sentence, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from transferkit.server.answers import json_response

RETRY_SECONDS = 1  # until a refused request may be sent again


class RequestError(Exception):
    """A request that is refused, with one sentence on why.

    The response has TensorFlow Serving's form, `{"error": ...}`, with the further fields `more`.
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(text)
        self.status, self.text = status, text
        self.headers, self.more = dict(headers or {}), dict(more or {})

    def response(self) -> Response:
        """Return the response, with the sentence as `error`."""
        return json_response({"error": self.text, **self.more}, self.status, self.headers)


def busy(text: str) -> RequestError:
    """Return the error of a busy server: 503, with the header Retry-After."""
    return RequestError(503, text, headers={"Retry-After": str(RETRY_SECONDS)})


def closing(status: int, text: str) -> RequestError:
    """Return an error that closes the connection, since the rest of the request is not read."""
    return RequestError(status, text, headers={"Connection": "close"})
