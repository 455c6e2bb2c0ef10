"""Errors of requests, each with its HTTP status and one sentence, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from transferkit.server.answers import json_response

RETRY_SECONDS = 1  # after which a request that was refused may be sent again


class RequestError(Exception):
    """A request that is refused, with one sentence on why.

    It is answered in TensorFlow Serving's form, `{"error": ...}`; `more` are further fields.
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
        """Return the answer: the sentence as `error`."""
        return json_response({"error": self.text, **self.more}, self.status, self.headers)


def busy(text: str) -> RequestError:
    """Return the error of a server that has enough to do: 503, with the time to try again."""
    return RequestError(503, text, headers={"Retry-After": str(RETRY_SECONDS)})


def closing(status: int, text: str) -> RequestError:
    """Return an error after which the connection is closed, since the rest of it is not read."""
    return RequestError(status, text, headers={"Connection": "close"})
