"""Bodies of requests, read within limits of size and time, and the parts of multipart bodies."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from transferkit.server.capacity import Lease
from transferkit.server.errors import RequestError, closing
from transferkit.server.settings import MEGABYTE

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

DRAINED_SECONDS = (
    2.0  # time to read on after a body got too large, so that the client reads the response
)
MAX_PARTS = 4096
MAX_HEADER_BYTES = 8192  # of one part


class Part(NamedTuple):
    """A part of a multipart body: the name of its field and of its file, and its content."""

    field: str
    file_name: str
    content: bytes


async def read_body(request: Request, lease: Lease, *, limit: int, timeout: float) -> bytes:
    """Return the body of `request`, of up to `limit` bytes, which are counted in `lease`.

    Raises:
        RequestError: it is too large (413), too slow (408), compressed (415), or too many bytes
            of requests are in memory (503).
        ClientDisconnect: the client closed the connection.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise closing(415, "The body is compressed: send it as it is, without Content-Encoding.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        await _drain(request)
        raise _too_large(limit)
    try:
        return await asyncio.wait_for(_read(request, lease, limit), timeout)
    except asyncio.TimeoutError:
        raise closing(408, f"The request did not arrive within {timeout:g} seconds.") from None


async def _read(request: Request, lease: Lease, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            chunks.clear()
            await _drain(request)
            raise _too_large(limit)
        lease.grow(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


async def _drain(request: Request) -> None:
    """Read on for a moment, since a client that is still sending does not read the response."""
    if request.headers.get("expect", "").lower() == "100-continue":
        return  # such a client waits for the response before it sends the body
    end = time.monotonic() + DRAINED_SECONDS

    async def discard() -> None:
        message = await request.receive()
        while message["type"] == "http.request" and message.get("more_body"):
            if time.monotonic() > end:
                return
            message = await request.receive()

    try:
        await asyncio.wait_for(discard(), DRAINED_SECONDS)
    except (asyncio.TimeoutError, ClientDisconnect):
        return


def _too_large(limit: int) -> RequestError:
    megabytes = limit / MEGABYTE
    return closing(413, f"The request is larger than {megabytes:g} MB, the limit of this server.")


def multipart_parts(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of the multipart `body`.

    Raises:
        RequestError: it is not a valid multipart body (400).
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestError(400, "The multipart body has no boundary in its Content-Type.")
    collector = _Collector()
    try:
        parser = MultipartParser(boundary, collector.callbacks())
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise RequestError(400, f"The multipart body cannot be read: {error}.") from error
    if not collector.ended:
        raise RequestError(400, "The multipart body has no end.")
    return collector.parts


class _Collector:
    """Callbacks of the parser that collect parts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._name = self._value = b""
        self._disposition = b""
        self._content: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        """Return the functions that the parser calls, by its names for them."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == MAX_PARTS:
            raise ValueError(f"it has more than {MAX_PARTS} parts")
        self._disposition, self._content = b"", []

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._require_short(self._name)

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._require_short(self._value)

    @staticmethod
    def _require_short(header: bytes) -> None:
        if len(header) > MAX_HEADER_BYTES:
            raise ValueError("the header of a part is too long")

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        field, file_name = (
            options.get(name, b"").decode("utf-8", "replace") for name in (b"name", b"filename")
        )
        self.parts.append(Part(field, file_name, b"".join(self._content)))

    def _end(self) -> None:
        self.ended = True
