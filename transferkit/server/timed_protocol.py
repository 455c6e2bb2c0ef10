"""Time limits on the head of a request and on a response, which uvicorn does not have."""

from __future__ import annotations

import asyncio
from typing import Any


def timed_protocol(base: type[Any], timeout: float) -> type[Any]:
    """Return a subclass of uvicorn's protocol `base` that closes connections of slow clients.

    The head of a request has `timeout` seconds to arrive. The time starts when the connection is
    opened, and with the first byte after each response. The body has a limit in `bodies`. A client
    that does not read its responses has the same time, once the buffers are full.
    """

    class TimedProtocol(base):
        _head_timer: asyncio.TimerHandle | None = None
        _reading_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._time_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._time_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_timing()
            self._stop_timing_reading()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._reading_timer = self.loop.call_later(timeout, self.transport.abort)

        def resume_writing(self) -> None:
            self._stop_timing_reading()
            super().resume_writing()

        def _time_head(self) -> None:
            """Start the timer, or stop it if a request is in progress."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_timing()
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(timeout, self.transport.close)

        def _stop_timing(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _stop_timing_reading(self) -> None:
            if self._reading_timer is not None:
                self._reading_timer.cancel()
                self._reading_timer = None

    return TimedProtocol
